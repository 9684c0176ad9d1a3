"""What holds for all six services, whatever they are sent."""

import json
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.events import Event
from pipeline.errors import ConfigError
from pipeline.providers.hooks import Hook, HookRefusedError, HookUnreadableError, Listener
from pipeline.providers.listening import LISTENERS, open_listener
from tests.providers.signing import ENVIRONMENT, NOW, SIGNED, as_bytes, believing, bodies, configured

SERVICES = sorted(LISTENERS)
REFUSALS = (HookRefusedError, HookUnreadableError)

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT
    | st.sampled_from([1e400, -1e400, 10**30, "9999-12-31T23:59:59Z", "NaN", "2026-03-02T15:00:00+99:99"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@lru_cache
def ears() -> dict[str, Listener]:
    """All six, opened once: hypothesis runs each test many times."""
    with tempfile.TemporaryDirectory() as folder:
        config = believing(Path(folder))
        return {name: open_listener(name, config, ENVIRONMENT) for name in SERVICES}


def tried(service: str, hook: Hook) -> tuple[Event, ...]:
    """Verified and read apart from each other: neither may raise anything but the two errors."""
    ear = ears()[service]
    with suppress(*REFUSALS):
        ear.verify(hook)
    try:
        return ear.events(hook)
    except REFUSALS:
        return ()


def is_sound(event: Event) -> bool:
    """Whether a database of either kind can keep it, and order it by time."""
    texts = [text for text in (event.said, event.dedupe, event.key, event.provider_id, event.detail) if text]
    kept = all(text.encode("utf-8") and "\0" not in text and len(text) <= 1000 for text in texts)
    in_time = datetime(2000, 1, 1, tzinfo=UTC) <= event.at <= NOW + timedelta(minutes=5)
    return kept and in_time and event.said != "" and event.dedupe != ""


def test_the_six_services_are_heard_under_their_own_names() -> None:
    assert {name: ear.name for name, ear in ears().items()} == {name: name for name in SIGNED}


def test_another_name_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No mail service"):
        open_listener("../etc", believing(tmp_path), ENVIRONMENT)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_heard_whichever_sends_now(service: str, tmp_path: Path) -> None:
    config = believing(tmp_path)
    assert config.provider.name == "outbox"
    assert open_listener(service, config, ENVIRONMENT).name == service


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_believed_until_it_is_set_up(service: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        open_listener(service, configured("", tmp_path), {})
    assert refused.value.mend
    assert refused.value.where is not None
    assert f"provider.{service}." in str(refused.value.where)


@pytest.mark.parametrize("service", SERVICES)
def test_the_words_of_one_service_are_refused_by_another(service: str) -> None:
    (body, *_) = bodies(service).values()
    hook = SIGNED[service](body)
    for other in SERVICES:
        if other != service:
            with pytest.raises(HookRefusedError):
                ears()[other].verify(hook)


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_and_no_address_is_shown_by_a_listener_or_an_event(service: str) -> None:
    shown = repr(ears()[service]) + "".join(
        repr(event)
        for body in bodies(service).values()
        for event in ears()[service].events(SIGNED[service](body))
    )
    assert "patient@" not in shown
    assert not [secret for secret in ENVIRONMENT.values() if secret in shown]


@pytest.mark.parametrize("service", SERVICES)
@settings(deadline=None, max_examples=60)
@given(body=st.binary(max_size=60), headers=st.dictionaries(TEXT, TEXT, max_size=3))
def test_random_bytes_are_refused_or_unreadable(service: str, body: bytes, headers: dict[str, str]) -> None:
    genuine = SIGNED[service]({}).headers
    for sent in (headers, {**genuine, **headers}, dict.fromkeys(genuine, next(iter(headers.values()), ""))):
        tried(service, Hook(body=body, headers=sent, received_at=NOW))


@pytest.mark.parametrize("service", SERVICES)
@settings(deadline=None, max_examples=60)
@given(body=VALUES)
def test_random_json_that_is_signed_makes_sound_events_or_none(service: str, body: Any) -> None:
    for sent in (body, [body], {"event": body}, {"RecordType": "Bounce", "Metadata": body}):
        assert all(is_sound(event) for event in tried(service, SIGNED[service](sent)))


@pytest.mark.parametrize("service", SERVICES)
@settings(deadline=None, max_examples=120)
@given(data=st.data())
def test_a_genuine_body_with_anything_anywhere_makes_sound_events(service: str, data: st.DataObject) -> None:
    body = json.loads(json.dumps(data.draw(st.sampled_from(list(bodies(service).values())))))
    place: Any = body
    while True:
        name = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not place[name] or not isinstance(place[name], dict | list) or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = data.draw(VALUES)
    events = tried(service, SIGNED[service](body))
    assert all(is_sound(event) for event in events)
    again = replace(SIGNED[service](body), received_at=NOW + timedelta(minutes=1))
    assert [event.dedupe for event in tried(service, again)] == [event.dedupe for event in events]


@pytest.mark.parametrize("service", SERVICES)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_genuine_call_cut_or_changed_anywhere_does_no_harm(service: str, data: st.DataObject) -> None:
    hook = SIGNED[service](data.draw(st.sampled_from(list(bodies(service).values()))))
    at = data.draw(st.integers(0, len(hook.body)))
    broken = (
        hook.body[:at] + data.draw(st.binary(max_size=4)) + hook.body[at + data.draw(st.integers(0, 4)) :]
    )
    assert all(is_sound(event) for event in tried(service, replace(hook, body=broken)))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("depth", [100, 900, 1000, 5000, 200_000])
def test_no_depth_of_nesting_gets_through(service: str, depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"event":', "}")):
        for body in (opening * depth, opening * depth + "7" + closing * depth):
            hook = replace(SIGNED[service]({}), body=as_bytes(body.encode()))
            assert all(is_sound(event) for event in tried(service, hook))
