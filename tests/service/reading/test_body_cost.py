"""The memory that parsing a body takes is bounded."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from service.errors import ParseError
from service.reading.body_cost import MAX_VALUES, require_affordable
from tests.support.processes import ROOT
from tests.support.provider_shapes import SHAPES

BODY_BYTES = 8 * 1024 * 1024

# The worst bodies of 8 MiB: each repeats one value and its comma.
HOSTILE = {
    "lists in lists": "[" * 20 + "]" * 20 + ",",
    "numbers": "1,",
    "empty lists": "[],",
    "empty objects": "{},",
    "objects": '{"":1},',
    "short texts": '"",',
    "never closed": "[",
}

READ_IN_A_PROCESS = """
import sys
from pathlib import Path
from service.errors import ParseError
from service.reading.body_cost import require_affordable
from service.reading.wire import parse_json

def memory(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))

one, size = sys.argv[1], int(sys.argv[2])
body = b"[" + one.encode() * (size // len(one))
body = body.rstrip(b",") + b"]"
before = memory("VmRSS:")
try:
    require_affordable(body)
    parse_json(body)
except ParseError as refused:
    print(refused.code, end=" ")
print((memory("VmHWM:") - before) // 1024)
"""


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("share", [1, 16])
def test_reading_it_takes_little_memory(kind: str, share: int) -> None:
    """The largest accepted body, and the part of it that has few enough values to be read."""
    command = [sys.executable, "-c", READ_IN_A_PROCESS, HOSTILE[kind], str(BODY_BYTES // share)]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    *code, mebibytes = ended.stdout.split()
    assert int(mebibytes) < 120
    assert code or share == 16


def test_values_are_counted_not_read() -> None:
    require_affordable(b"[" + b"1," * (MAX_VALUES - 2) + b"1]")
    with pytest.raises(ParseError) as refused:
        require_affordable(b"[" + b"1," * MAX_VALUES + b"1]")
    assert refused.value.code == "bad_shape"


@pytest.mark.parametrize("slug", SHAPES)
def test_real_lists_have_far_fewer(slug: str) -> None:
    require_affordable(json.dumps(SHAPES[slug].body(5_000)).encode())
