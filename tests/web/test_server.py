"""Binding first: a busy or forbidden port is a sentence, and a server ends when it should."""

import socket
from contextlib import closing

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pipeline.errors import EnvironmentRefusedError
from pipeline.web.server import bind, bind_near, serving

HELLO = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("hello"))])


def test_a_busy_port_is_told_with_its_number_and_what_to_do() -> None:
    with closing(bind("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentRefusedError) as refused:
            bind("127.0.0.1", port)

    assert f"Port {port} on 127.0.0.1 is taken" in str(refused.value)
    assert "web.public_port" in str(refused.value)
    assert refused.value.mend


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(EnvironmentRefusedError, match="cannot be used"):
        bind("192.0.2.1", 0)


def test_a_preview_takes_the_next_free_port() -> None:
    with closing(bind("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with closing(bind_near("127.0.0.1", port)) as found:
            assert found.getsockname()[1] > port


def test_it_serves_while_the_block_runs_and_lets_go_of_the_port_afterwards() -> None:
    listener = bind("127.0.0.1", 0)
    with serving(HELLO, listener) as url:
        assert requests.get(url, timeout=10).text == "hello"

    with socket.socket() as again, pytest.raises(ConnectionRefusedError):
        again.connect(("127.0.0.1", int(url.rpartition(":")[2])))
