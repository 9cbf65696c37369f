from __future__ import annotations

import socket
import struct
import sys

import pytest

from tests.service.web.raw_http import HEALTH, connected
from tests.service.web.running import Web

# Of Linux's struct tcp_info: how many segments with data have come.
DATA_SEGMENTS_IN = 152


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO of Linux")
def test_an_answer_is_one_packet(untouched_web: Web) -> None:
    """Headers and body are sent together: each packet costs a call and wakes the client."""
    with connected(untouched_web.url) as connection:
        for number in range(1, 6):
            connection.sendall(HEALTH)
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65536)
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
            assert struct.unpack_from("I", info, DATA_SEGMENTS_IN) == (number,)
