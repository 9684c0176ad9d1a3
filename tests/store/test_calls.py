"""The call list: who, since when, why."""

from dataclasses import replace
from datetime import timedelta

from pipeline.store.calls import Call, CallReason, note_phone_instead, phone_instead
from pipeline.store.patients import save_patients
from tests.store.conftest import NOW


def test_who_wants_calls_is_listed_since_they_said_so_last(clinic) -> None:
    wants = [replace(clinic.person(number), phone_instead=True) for number in range(3)]
    first, second, third = clinic.bring_in(wants)
    clinic.bring_in([clinic.person(10)])
    later = NOW + timedelta(days=3)
    with clinic.store.begin() as tx:
        note_phone_instead(tx, [first], actor="import", now=NOW)
        note_phone_instead(tx, [second, first], actor="import", now=later)
        save_patients(tx, [replace(wants[2], deceased=True)], now=later)

    with clinic.store.read() as tx:
        assert phone_instead(tx) == (
            Call(patient_id=first, reason=CallReason.PHONE_INSTEAD, since=later),
            Call(patient_id=second, reason=CallReason.PHONE_INSTEAD, since=later),
        )
        assert [each.patient_id for each in phone_instead(tx, limit=1)] == [first]
        assert [each.patient_id for each in phone_instead(tx, after=first, limit=1)] == [second]
        assert phone_instead(tx, after=third) == ()


def test_who_was_never_written_down_counts_from_their_first_list(clinic) -> None:
    (patient,) = clinic.bring_in([replace(clinic.person(1), phone_instead=True)])
    with clinic.store.read() as tx:
        (call,) = phone_instead(tx)
    assert (call.patient_id, call.since) == (patient, NOW)
