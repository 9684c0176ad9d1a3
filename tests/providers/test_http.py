"""The configured JSON API: its template, its secrets, and sending the same key again."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from pipeline.delivery.outcome import Accepted, Deferred, Unknown
from pipeline.demo.accepted import taken_twice
from pipeline.demo.faults import Fault, in_turn
from pipeline.demo.shapes import GENERIC_BODY
from pipeline.demo.standin import IDEMPOTENCY_HEADER
from pipeline.errors import ConfigError
from pipeline.providers.http import Http
from pipeline.rendering.model import Bodies
from pipeline.sections.mail import HttpProvider
from tests.providers.conftest import PIXEL, SECRET, StartStandin, message, open_http, timeout_for


def opened(body: dict[str, Any], **changes: Any) -> Http:
    section = HttpProvider(url="http://127.0.0.1:9/send", body=body, **changes)
    return Http(section, environment={"MAIL_TOKEN": SECRET}, file="config.toml")


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.GARBAGE, Fault.ERROR_AFTER, Fault.SLOW])
def test_with_an_idempotency_header_an_unknown_message_can_be_sent_again_and_arrives_once(
    fault: Fault, start_standin: StartStandin
) -> None:
    standin = start_standin(in_turn(fault))
    timeout = timeout_for(fault)
    with closing(
        open_http(standin.url, idempotency_header=IDEMPOTENCY_HEADER, timeout_seconds=timeout)
    ) as provider:
        assert provider.capabilities.idempotency is not None
        (first,) = provider.send([message(1)])
        (second,) = provider.send([message(1)])

    assert isinstance(first, Unknown)
    assert isinstance(second, Accepted)
    assert taken_twice(standin.taken()) == []


def test_without_one_it_makes_no_such_promise() -> None:
    with closing(open_http("http://127.0.0.1:9")) as provider:
        assert provider.capabilities.idempotency is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**GENERIC_BODY, "to": "{adress}"}, "{adress}"),
        ({**GENERIC_BODY, "greeting": "Hello {to}"}, "Hello {to}"),
        ({**GENERIC_BODY, "deep": [{"er": "{tot}"}]}, "{tot}"),
        ({key: value for key, value in GENERIC_BODY.items() if key != "html"}, "{html}"),
    ],
    ids=["unknown", "not the whole value", "nested", "missing"],
)
def test_a_body_template_that_cannot_work_is_an_error_before_anything_is_sent(
    body: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError) as error:
        opened(body)

    assert named in error.value.what
    assert error.value.where is not None
    assert error.value.where.key == "provider.http.body"


def test_a_secret_that_is_not_set_is_named_but_never_shown() -> None:
    with pytest.raises(ConfigError) as error:
        opened(dict(GENERIC_BODY), headers={"Authorization": "Bearer {env:MAIL_TOKEN} {env:OTHER}"})

    assert "OTHER" in str(error.value)
    assert SECRET not in str(error.value)


def test_a_message_with_pictures_is_not_sent_without_them(start_standin: StartStandin) -> None:
    standin = start_standin()
    body = {key: value for key, value in GENERIC_BODY.items() if key != "attachments"}
    section = HttpProvider(url=f"{standin.url}/send", body=body)

    with closing(Http(section, environment={}, file="config.toml")) as provider:
        (outcome,) = provider.send([message(1, pictures=(PIXEL,))])

    assert isinstance(outcome, Deferred)
    assert standin.taken() == []


def test_an_answer_without_an_id_where_it_should_be_leaves_doubt(start_standin: StartStandin) -> None:
    standin = start_standin()
    section = HttpProvider(url=f"{standin.url}/send", body=dict(GENERIC_BODY), id_path="data.id")

    with closing(Http(section, environment={}, file="config.toml")) as provider:
        (outcome,) = provider.send([message(1)])

    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize(("left_out", "capability"), [("headers", "list_unsubscribe"), ("key", "metadata")])
def test_what_the_template_leaves_out_the_api_cannot_do(left_out: str, capability: str) -> None:
    body = {key: value for key, value in GENERIC_BODY.items() if key not in {left_out, "headers"}}

    with closing(opened(body)) as lacking, closing(opened(dict(GENERIC_BODY))) as whole:
        assert not getattr(lacking.capabilities, capability)
        assert getattr(whole.capabilities, capability)


def test_text_of_a_patient_never_becomes_part_of_the_template(start_standin: StartStandin) -> None:
    """A name that looks like a placeholder, or holds quotes, arrives as it is."""
    standin = start_standin()
    odd = replace(message(1), bodies=Bodies.whole(html="", text='{to} "}, "to": "other@example.org'))

    with closing(open_http(standin.url)) as provider:
        (outcome,) = provider.send([odd])

    mail = (standin.folder / "mail" / "key0001.eml").read_text(encoding="utf-8")
    assert isinstance(outcome, Accepted)
    assert "To: patient1@example.org" in mail
