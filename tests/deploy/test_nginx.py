"""deploy/nginx.conf in a real nginx, in front of a real web process."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from service.embedded.postgres_server import unprivileged_account
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, ROOT, Process, Processes, answers
from tests.support.waiting import wait_until

NAME = "pricing.example.com"
# An address other than the proxy's; other systems have one loopback address only.
CLIENT = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
TRIGGER = "/admin/pricing/scheduler/trigger"
KEY = {"Authorization": f"Bearer {ADMIN_KEY}"}
# What a distribution's nginx.conf has around it; everything is written to one directory.
AROUND = """
daemon off;
pid nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {ours}
}}
"""


@dataclass
class Proxy:
    """``client`` speaks TLS with it and trusts the certificate of this test."""

    plain: str
    secure: str
    trust: ssl.SSLContext
    client: httpx2.Client
    web: Process


@pytest.fixture
def proxy(open_path: Path, processes: Processes) -> Iterator[Proxy]:
    web, plain, secure = free_port(), free_port(), free_port()
    certificate, key = certify(open_path)
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for written, meant in (
        ("127.0.0.1:8000", f"127.0.0.1:{web}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen [::]:80;", ""),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("listen [::]:443 ssl;", ""),
        # Otherwise the speed of this machine would decide what is refused.
        ("rate=10r/s", "rate=1r/m"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(certificate)),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(key)),
    ):
        assert text.count(written) == 1, written
        text = text.replace(written, meant)
    (open_path / "nginx.conf").write_text(AROUND.format(ours=text))
    account = unprivileged_account()
    for path in (open_path, *open_path.iterdir()):
        account.own(path)
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "nginx is not installed"
    process = processes.service(
        "serve", may_fail=False, PRICING_PORT=str(web), PRICING_TRUSTED_PROXIES="127.0.0.1/32"
    )
    with (open_path / "log").open("wb") as log:
        nginx = subprocess.Popen(
            [program, "-e", "stderr", "-p", str(open_path), "-c", "nginx.conf"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **account.popen_arguments(),
        )
    context = ssl.create_default_context(cafile=str(certificate))
    transport = httpx2.HTTPTransport(verify=context, local_address=CLIENT)
    base = f"https://127.0.0.1:{secure}"
    try:
        with httpx2.Client(
            base_url=base, headers={"Host": NAME}, transport=transport, timeout=30
        ) as client:
            wait_until(lambda: answers(f"http://127.0.0.1:{web}/health"), 60, "the web process")
            wait_until(
                lambda: answers(f"http://127.0.0.1:{plain}/") or nginx.poll() is not None, 30
            )
            assert nginx.poll() is None, (open_path / "log").read_text()
            yield Proxy(f"http://127.0.0.1:{plain}", base, context, client, process)
    finally:
        nginx.terminate()
        nginx.wait(30)
    said = (open_path / "log").read_text()
    assert "[emerg]" not in said and "deprecated" not in said, said


def certify(directory: Path) -> tuple[Path, Path]:
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    return certificate, key


def test_it_is_the_web_process_behind_tls_and_says_who_asks(proxy: Proxy) -> None:
    answer = proxy.client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert len(answer.headers["x-request-id"]) == 32, "nginx's"
    assert proxy.client.get(TRIGGER).status_code == 401
    assert proxy.client.post(TRIGGER, headers=KEY, json={}).status_code == 202

    redirected = httpx2.post(
        f"{proxy.plain}{TRIGGER}?a=b", headers={"Host": "elsewhere.example"}, timeout=30
    )
    assert redirected.status_code == 308
    assert redirected.headers["location"] == f"https://{NAME}{TRIGGER}?a=b", "never where it says"

    # The log has the real client's address and the request id, not the client's own claim.
    forged = {"X-Forwarded-For": "203.0.113.7", "X-Request-ID": "mine-4711"}
    answer = proxy.client.get("/admin/pricing/syncs/active", headers={**KEY, **forged})
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == "mine-4711"
    logged = proxy.web.wait_for_output("mine-4711")
    assert f"from {CLIENT}" in logged
    # The web process trusts the proxy's machine: an appended claim would be believed.
    again = {"X-Forwarded-For": "203.0.113.7", "X-Request-ID": "mine-4712", "Host": NAME}
    httpx2.get(f"{proxy.secure}/nowhere", headers=again, verify=proxy.trust, timeout=30)
    assert "203.0.113.7" not in proxy.web.wait_for_output("mine-4712")

    assert proxy.web.stop() == 0
    answer = proxy.client.get("/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"


def test_limits_answer_in_our_shape(proxy: Proxy) -> None:
    large = proxy.client.post(TRIGGER, headers=KEY, content=b" " * (64 * 1024 + 1))
    assert (large.status_code, large.json()["error"]["code"]) == (413, "body_too_large")
    assert large.headers["server"] == "nginx" and "x-request-id" not in large.headers, "not ours"

    answered = [proxy.client.get("/health") for _ in range(50)]
    statuses = [answer.status_code for answer in answered]
    passed = statuses.count(200)
    assert 40 <= passed <= 41 and statuses == [200] * passed + [429] * (50 - passed), "its burst"
    refused = answered[-1]
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert refused.headers["retry-after"] == "1"
    assert "strict-transport-security" in refused.headers


def test_a_long_poll_outlives_every_time_limit_of_the_proxy() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    (seconds,) = (
        int(line.split()[1].rstrip("s;"))
        for line in text.splitlines()
        if "proxy_read_timeout" in line
    )
    assert seconds > 60, "?wait= is 60 at most"
