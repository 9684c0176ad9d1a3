"""Postmark's own words: error codes of the account, of the recipient, and of the content."""

from contextlib import closing
from dataclasses import replace

import pytest

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused
from pipeline.errors import ConfigError
from pipeline.providers.postmark import Postmark
from pipeline.rendering.model import Bodies, Skeleton, Slot
from pipeline.sections.mail import PostmarkProvider
from tests.providers.conftest import SECRET, message, open_postmark
from tests.providers.scripted import Scripted


def outcomes(scripted: Scripted, count: int = 1) -> tuple[Outcome, ...]:
    with closing(open_postmark(scripted.url)) as provider:
        return provider.send([message(number) for number in range(count)])


@pytest.mark.parametrize("code", [10, 100, 400, 401, 405, 412, 413, 429, 1235])
@pytest.mark.parametrize("whole", [True, False], ids=["whole call", "item"])
def test_trouble_of_the_account_uses_up_no_delivery(answering, code: int, *, whole: bool) -> None:
    error = {"ErrorCode": code, "Message": "patient0@example.org"}

    (outcome,) = outcomes(answering(422, error) if whole else answering(200, [error]))

    assert isinstance(outcome, Deferred)
    assert outcome.everyone
    assert "example.org" not in outcome.reason


@pytest.mark.parametrize(("code", "suppress"), [(406, True), (300, False), (402, False), (411, False)])
def test_a_refusal_is_final_and_only_an_inactive_address_is_suppressed(
    answering, code: int, *, suppress: bool
) -> None:
    (outcome,) = outcomes(answering(200, [{"ErrorCode": code, "Message": "no"}]))

    assert isinstance(outcome, Refused)
    assert outcome.suppress is suppress


def test_a_whole_call_that_is_refused_is_tried_in_halves_until_each_stands_alone(answering) -> None:
    scripted = answering(422, {"ErrorCode": 300, "Message": "no"})

    found = outcomes(scripted, 4)

    assert [type(outcome) for outcome in found] == [Refused] * 4
    assert [len(sent.json()) for sent in scripted.requests] == [4, 2, 1, 1, 2, 1, 1]


def test_a_request_has_what_postmark_documents_and_tracks_nobody(answering) -> None:
    scripted = answering(200, [{"ErrorCode": 0, "MessageID": "m-1"}])

    (outcome,) = outcomes(scripted)

    (request,) = scripted.requests
    (item,) = request.json()
    headers, sent = request.headers, message(0)
    assert outcome == Accepted(provider_id="m-1")
    assert headers["X-Postmark-Server-Token"] == SECRET
    assert item["To"] == sent.to
    assert item["Metadata"] == {"delivery_key": sent.key}
    assert item["MessageStream"] == "outbound"
    assert (item["TrackOpens"], item["TrackLinks"]) == (False, "None")
    sent_headers = {each["Name"]: each["Value"] for each in item["Headers"]}
    assert sent_headers == {**dict(sent.headers), "Message-ID": sent.message_id, "X-PM-KeepID": "true"}


def test_a_missing_token_is_one_clear_sentence() -> None:
    with pytest.raises(ConfigError) as error:
        Postmark(PostmarkProvider(), environment={}, file="config.toml")

    assert "POSTMARK_SERVER_TOKEN" in error.value.what


def test_a_message_joined_from_skeletons_is_the_same_request(answering) -> None:
    """Encoding the shared part once is for speed only: byte for byte nothing may change."""
    literals = ('<p class="a">\\ ¡hola! ', "</p>\n", "")
    skeleton = Skeleton(literals=literals, slots=(Slot.GREETING, Slot.VIEW_URL))
    values = {Slot.GREETING: 'Hello "Ana" ✓ \\', Slot.VIEW_URL: "https://clinic.example.org/v/1?a&b"}
    bodies = Bodies(html=skeleton, html_values=values, text=skeleton, text_values=values)
    whole = replace(message(0), bodies=Bodies.whole(html=skeleton.join(values), text=skeleton.join(values)))
    scripted = answering(200, [{"ErrorCode": 0, "MessageID": "m"}] * 2)

    with closing(open_postmark(scripted.url)) as provider:
        provider.send([whole, replace(whole, bodies=bodies)])

    ((one, other),) = [sent.json() for sent in scripted.requests]
    assert one == other
    assert one["HtmlBody"] == whole.html
