"""Where the page is served: an address that answers at once, or a sentence."""

from __future__ import annotations

import socket

import pytest

from studio.domain.errors import BadSetting
from studio.ui.launch import ServeOptions, listen


def test_an_answer_in_two_pieces_does_not_wait_for_the_first_to_be_confirmed() -> None:
    with listen(ServeOptions(port=0)) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_taken_port_is_a_sentence() -> None:
    with listen(ServeOptions(port=0)) as listener, pytest.raises(BadSetting, match="Choose another with --host or --port"):
        listen(ServeOptions(port=listener.getsockname()[1]))
