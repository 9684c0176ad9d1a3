"""Who may report to a clinic, by which rules, and what a tick goes on with."""

import json
from datetime import timedelta

import pytest

from pipeline.app.listening import Hearing, feedback_rules
from pipeline.providers.hooks import Hook, HookRefusedError
from pipeline.providers.listening import LISTENERS
from pipeline.store import hook_calls, refusals
from tests.app.sample_clinic import MOMENT, open_copy, shared

SECRET = "made-up-secret-of-the-test"


@pytest.fixture
def clinic(tmp_path_factory, tmp_path):
    with open_copy(shared(tmp_path_factory), tmp_path / "clinic") as made:
        yield made


def hearing(clinic, **environment: str) -> Hearing:
    return Hearing(config=clinic.config, environment=environment, store=clinic.store)


def hook(minutes: int = 0, **headers: str) -> Hook:
    body = json.dumps({"RecordType": "Open"}).encode()
    return Hook(body=body, headers=headers, received_at=MOMENT + timedelta(minutes=minutes))


def test_only_services_whose_proof_is_set_up_are_heard(clinic):
    heard = hearing(clinic, POSTMARK_WEBHOOK_SECRET=SECRET)

    assert set(heard.listeners) == {"postmark"}
    assert all(heard.knows(name) for name in LISTENERS)
    with pytest.raises(HookRefusedError):
        heard.take_in("mailgun", hook())


def test_the_keys_of_feedback_become_the_rules(clinic):
    section = clinic.config.feedback.model_copy(update={"soft_bounce_limit": 3, "alarm_days": 7})
    rules = feedback_rules(clinic.config.model_copy(update={"feedback": section}))

    assert rules.soft_limit == 3
    assert rules.alarm.span == timedelta(days=7)
    assert rules.alarm.stop_percent == section.stop_percent


def test_refused_calls_are_counted_together_and_none_is_forgotten(clinic):
    heard = hearing(clinic, POSTMARK_WEBHOOK_SECRET=SECRET)
    for minutes in (0, 0, 0, 2):
        with pytest.raises(HookRefusedError):
            heard.take_in("postmark", hook(minutes))

    with clinic.store.read() as tx:
        (counted,) = refusals.counted(tx)
    assert (counted.count, counted.newest) == (4, MOMENT + timedelta(minutes=2))


def test_housekeeping_reads_what_a_dead_process_kept(clinic):
    with clinic.store.begin() as tx:
        hook_calls.keep_call(tx, "postmark", hook().body, {}, now=MOMENT - timedelta(hours=1))
    heard = hearing(clinic, POSTMARK_WEBHOOK_SECRET=SECRET)

    assert heard.go_on(now=MOMENT) == 1

    clinic.housekeep()
    with clinic.store.read() as tx:
        assert hook_calls.waiting_calls(tx, before=MOMENT) == ()
