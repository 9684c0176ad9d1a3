"""A correction reaches exactly those who got the wrong part, once, and nobody who must not be mailed."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.actions.correcting import Wrong, affected, correct
from pipeline.actions.enrolling import Dating
from pipeline.actions.offers import EditionDays
from pipeline.delivery.states import Reason, State
from pipeline.rendering.edition import sealed, to_bytes
from pipeline.rendering.model import Edition
from pipeline.store import audit, editions, ledger, wrong_parts
from pipeline.store.enrollments import EnrollmentStatus, set_status, use_edition
from pipeline.store.patients import save_patients
from pipeline.store.schema import deliveries
from pipeline.store.steps import Mark
from pipeline.store.suppression import suppress
from tests.engine.recorder import Recorder
from tests.engine.remembering import Ends, Remembering
from tests.engine.sample import NOW, RULES, SERIES, ZONE, Clinic, edition, person

PEOPLE = 6


@pytest.fixture
def clinic(store, keyring) -> Clinic:
    """Six got part 1, which is wrong; a seventh is enrolled later and got nothing yet."""
    made = Clinic(store=store, keyring=keyring)
    made.prepare()
    made.enroll(PEOPLE)
    assert made.dispatcher(Recorder()).tick(NOW).accepted == PEOPLE
    made.enroll([person(PEOPLE)], start=NOW.date() + timedelta(days=30))
    return made


def dating(clinic: Clinic) -> Dating:
    return Dating(
        rules=RULES, clinic_zone=ZoneInfo(ZONE.key), clinic_language="en", days=EditionDays(RULES),
        actor="staff:ana", now=clinic.clock.moment, new_key=lambda: f"new-{next(clinic.numbers)}",
    )  # fmt: skip


def wrong(clinic: Clinic) -> Wrong:
    with clinic.store.read() as tx:
        return Wrong(edition=editions.find_edition(tx, clinic.edition.sha256), part=1)


def correction(clinic: Clinic) -> Edition:
    """Signed, and of one part, which goes on the day itself."""
    whole = edition(series=wrong(clinic).series)
    made = sealed(replace(whole, sha256="", parts=(replace(whole.parts[0], day=0),)))
    with clinic.store.begin() as tx:
        editions.save_edition(tx, made, to_bytes(made), now=NOW)
        own, clinic.edition = clinic.edition, made
        clinic.approve(tx, review_by=date(2027, 1, 1))
        clinic.edition = own
    return made


def who(clinic: Clinic):
    with clinic.store.read() as tx:
        return affected(tx, wrong(clinic), dating(clinic))


def carry_out(clinic: Clinic) -> int:
    return sum(correct(clinic.store, wrong(clinic), correction(clinic), dating(clinic)))


def enrollment(clinic: Clinic, number: int) -> int:
    return clinic.rows()[number].enrollment_id


def test_everybody_who_got_it_gets_the_correction_and_nobody_else(clinic: Clinic) -> None:
    assert carry_out(clinic) == PEOPLE
    provider = Recorder()

    report = clinic.dispatcher(provider).tick(NOW)

    assert report.accepted == PEOPLE
    assert {message.to for call in provider.calls for message in call} == {
        person(number).email for number in range(PEOPLE)
    }


def test_run_twice_or_after_it_was_sent_it_adds_nobody(clinic: Clinic) -> None:
    carry_out(clinic)
    assert carry_out(clinic) == 0
    clinic.dispatcher(Recorder()).tick(NOW)
    clinic.clock.moment += timedelta(days=1)

    assert carry_out(clinic) == 0
    assert (len(who(clinic).candidates), who(clinic).already) == (0, PEOPLE)


def test_a_run_that_was_cut_off_is_finished_by_the_next(clinic: Clinic, monkeypatch) -> None:
    monkeypatch.setattr("pipeline.actions.correcting._CHUNK", 2)
    steps = correct(clinic.store, wrong(clinic), correction(clinic), dating(clinic))
    assert next(steps) == 2
    steps.close()

    assert carry_out(clinic) == PEOPLE - 2


def suppressed(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        suppress(tx, str(person(0).email), reason=Reason.UNSUBSCRIBED, source="page", now=NOW)


def died(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        save_patients(tx, [replace(person(0), deceased=True)], now=NOW)


def stopped(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        ended = EnrollmentStatus.ENDED
        set_status(tx, [enrollment(clinic, 0)], ended, reason=Reason.STOPPED, now=NOW)


def somebody_else(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        held = EnrollmentStatus.HELD
        set_status(tx, [enrollment(clinic, 0)], held, reason=Reason.WRONG_PERSON, now=NOW)


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (suppressed, Reason.SUPPRESSED), (died, Reason.DECEASED), (stopped, Reason.STOPPED),
        (somebody_else, Reason.WRONG_PERSON),
    ],
)  # fmt: skip
def test_who_must_not_be_mailed_is_left_out_with_the_reason(clinic: Clinic, deed, reason) -> None:
    deed(clinic)

    found = who(clinic)

    assert (len(found.candidates), dict(found.left_out)) == (PEOPLE - 1, {reason.value: 1})
    assert carry_out(clinic) == PEOPLE - 1


def test_the_end_of_a_treatment_does_not_keep_a_wrong_advice_uncorrected(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        ended = EnrollmentStatus.ENDED
        set_status(tx, [enrollment(clinic, 0)], ended, reason=Reason.DISCHARGED, now=NOW)

    assert len(who(clinic).candidates) == PEOPLE


def test_who_stops_after_the_correction_was_planned_does_not_get_it(clinic: Clinic) -> None:
    carry_out(clinic)
    suppressed(clinic)

    assert clinic.dispatcher(Recorder()).tick(NOW).accepted == PEOPLE - 1


def test_those_in_doubt_are_listed_and_found_once_they_are_settled(clinic: Clinic) -> None:
    clinic.enroll([person(PEOPLE + 1)])
    provider = Remembering(Ends.LOST_AFTER, clock=clinic.clock)
    provider.capabilities = Recorder().capabilities
    clinic.dispatcher(provider).tick(NOW)
    doubtful = next(row for row in clinic.rows() if row.state == State.UNKNOWN)
    assert who(clinic).in_doubt == (doubtful.id,)
    assert carry_out(clinic) == PEOPLE

    with clinic.store.begin() as tx:
        ledger.resolve(tx, [Mark(delivery=doubtful.id, state=State.ACCEPTED)], actor="staff", now=NOW)

    assert carry_out(clinic) == 1


def test_who_has_another_edition_by_now_still_got_the_wrong_one(clinic: Clinic) -> None:
    other = edition(words=30)
    with clinic.store.begin() as tx:
        editions.save_edition(tx, other, to_bytes(other), now=NOW)
        use_edition(tx, enrollment(clinic, 0), other.sha256, now=NOW)

    assert len(who(clinic).candidates) == PEOPLE
    with clinic.store.read() as tx:
        sent = wrong_parts.editions_sent(tx, SERIES, 1, states=[State.ACCEPTED])
    assert sent == ((clinic.edition.sha256, PEOPLE),)


def test_who_was_sent_the_part_from_another_edition_is_not_written_to(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        first = deliveries.c.id == clinic.rows()[0].id
        tx.connection.execute(deliveries.update().where(first).values(sent_edition="0" * 64))

    assert len(who(clinic).candidates) == PEOPLE - 1


def test_another_part_or_a_correction_of_something_else_is_refused(clinic: Clinic) -> None:
    with pytest.raises(ValueError, match="belongs"):
        next(correct(clinic.store, wrong(clinic), clinic.edition, dating(clinic)))


def test_it_stands_in_the_trail(clinic: Clinic) -> None:
    carry_out(clinic)

    with clinic.store.read() as tx:
        (entry,) = [each for each in audit.entries(tx, limit=100) if each.action == "correct"]
    assert (entry.actor, entry.detail["patients"], entry.detail["part"]) == ("staff:ana", PEOPLE, 1)
