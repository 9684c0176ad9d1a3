"""The call list: who, since when, why."""

from dataclasses import replace
from datetime import timedelta

from pipeline.store.calls import (
    Call,
    CallReason,
    close_call,
    closed_calls,
    note_phone_instead,
    open_call,
    open_calls,
    phone_instead,
)
from pipeline.store.patients import erase_patient, save_patients
from pipeline.store.schema import calls
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


def test_a_wish_stands_once_until_it_is_closed_and_then_anew(clinic) -> None:
    (delivery,) = clinic.with_due()
    patient = clinic.row(delivery).patient_id

    def ask(reason: CallReason, about: int | None = delivery) -> bool:
        with clinic.store.begin() as tx:
            return open_call(tx, patient, reason, delivery_id=about, now=NOW)

    assert [ask(CallReason.PAIN), ask(CallReason.PAIN)] == [True, False]
    assert [ask(CallReason.WRONG_ADDRESS, None), ask(CallReason.WRONG_ADDRESS, None)] == [True, False]
    with clinic.store.begin() as tx:
        first, _ = open_calls(tx)
        closed = close_call(tx, first.id, by="staff:ana", note="made-up", now=NOW)
        assert closed is not None
        assert close_call(tx, first.id, by="staff:ana", now=NOW) is None
    assert ask(CallReason.PAIN), "pain again is a wish of its own"
    with clinic.store.read() as tx:
        (done,) = closed_calls(tx, patient)
        row = tx.connection.execute(calls.select().where(calls.c.id == first.id)).one()
        assert [each.reason for each in open_calls(tx)] == [CallReason.WRONG_ADDRESS, CallReason.PAIN]
    assert (done.note, done.closed_by) == ("made-up", "staff:ana")
    assert b"made-up" not in row.sealed_note


def test_calls_of_the_dead_are_not_made_and_those_of_the_erased_are_gone(clinic) -> None:
    dead, erased = clinic.bring_in([clinic.person(1), clinic.person(2)])
    with clinic.store.begin() as tx:
        for each in (dead, erased):
            open_call(tx, each, CallReason.PAIN, now=NOW)
        save_patients(tx, [replace(clinic.person(1), deceased=True)], now=NOW)
        erase_patient(tx, erased)
        assert open_calls(tx) == ()
        assert len(tx.connection.execute(calls.select()).all()) == 1
