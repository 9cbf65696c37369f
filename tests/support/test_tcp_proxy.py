"""The proxy in front of a server: it forwards, freezes, thaws and cuts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.tcp_proxy import TcpProxy, _Pair
from tests.support.waiting import wait_until


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(1024):
                    connection.sendall(data)
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[connection], daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.fixture
def proxy(echo: int) -> Iterator[TcpProxy]:
    with TcpProxy("127.0.0.1", echo) as proxy:
        yield proxy


def connect(proxy: TcpProxy) -> socket.socket:
    return connect_to(proxy.port)


def connect_to(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def asked(connection: socket.socket, timeout: float = 5) -> bytes:
    connection.settimeout(timeout)
    connection.sendall(b"hello")
    return connection.recv(5)


def test_it_forwards_both_ways(proxy: TcpProxy) -> None:
    with connect(proxy) as connection:
        assert asked(connection) == b"hello"
        assert proxy.connections == 1
    wait_until(lambda: proxy.connections == 0, 30, "an end is passed on")


def test_frozen_connections_stay_acknowledged_and_are_never_answered_again(
    proxy: TcpProxy,
) -> None:
    with connect(proxy) as old:
        assert asked(old) == b"hello"
        proxy.freeze()
        with connect(proxy) as new:
            for connection in (old, new):
                with pytest.raises(TimeoutError):
                    asked(connection, timeout=0.3)
            proxy.thaw()
            for connection in (old, new):
                with pytest.raises(TimeoutError):
                    asked(connection, timeout=0.3)
            with connect(proxy) as later:
                assert asked(later) == b"hello"


def test_cut_resets_what_is_open_and_lets_new_ones_in(proxy: TcpProxy) -> None:
    with connect(proxy) as old:
        assert asked(old) == b"hello"
        proxy.cut()
        with pytest.raises(ConnectionError):
            asked(old)
        with connect(proxy) as new:
            assert asked(new) == b"hello"


def test_all_have_been_reset_when_cut_returns(proxy: TcpProxy) -> None:
    """At the next statement none of them may be alive."""
    with ExitStack() as stack:
        open_ones = [stack.enter_context(connect(proxy)) for _ in range(50)]
        for connection in open_ones:
            assert asked(connection) == b"hello"
            connection.setblocking(False)
        proxy.cut()
        for connection in open_ones:
            with pytest.raises(ConnectionResetError):
                connection.recv(1)


def test_what_is_cut_while_the_server_is_reached_for_is_closed(echo: int) -> None:
    client, other = socket.socketpair()
    with client, other, connect_to(echo) as server:
        pair = _Pair(client)
        pair.reset()
        assert not pair.join(server)
        assert server.fileno() == -1


def test_a_url_goes_through_it_with_its_login_and_its_options(proxy: TcpProxy) -> None:
    through = f"127.0.0.1:{proxy.port}"
    assert (
        proxy.url_of("postgresql://me:a%40b@db.example:5432/prices?sslmode=disable")
        == f"postgresql://me:a%40b@{through}/prices?sslmode=disable"
    )
    assert proxy.url_of("postgresql://db.example/prices") == f"postgresql://{through}/prices"


def test_it_freezes_at_a_word_and_sees_who_gives_up(proxy: TcpProxy) -> None:
    with connect(proxy) as connection:
        assert asked(connection) == b"hello"
        proxy.freeze_at(b"hello")
        with pytest.raises(TimeoutError):
            asked(connection, timeout=0.2)
        assert proxy.frozen_clients == 1
        proxy.thaw()
        with connect(proxy) as another:
            assert asked(another) == b"hello"
    wait_until(lambda: proxy.frozen_clients == 0)
