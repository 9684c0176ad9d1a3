"""Whatever lists are brought, in whatever order: nothing twice, and nobody is mailed without a ground."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.actions import stopping
from pipeline.delivery.states import State
from pipeline.patients.model import Basis, RosterRow, VisitStatus
from pipeline.store import audit, enrollments, overview, patients
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from tests.actions.desk import VISIT, Desk, ground, row
from tests.actions.dump import dump

PEOPLE = 4
consents = st.sampled_from(
    [ground(), ground(basis=Basis.TREATMENT), ground(basis=Basis.MARKETING), ground(expires_on=VISIT), None]
)
people = st.fixed_dictionaries(
    {
        "email": st.sampled_from(["one@example.org", "ONE@example.org", "two@example.org", None]),
        "language": st.sampled_from([None, "en-US", "es-US"]),
        "zone": st.sampled_from([None, "Pacific/Honolulu", "Pacific/Chatham"]),
        "phone_instead": st.booleans(),
        "minor": st.booleans(),
        "deceased": st.sampled_from([False, False, False, True]),
    }
)


@st.composite
def rows(draw: st.DrawFn, number: int) -> RosterRow:
    denied = draw(st.booleans())
    return row(
        number,
        person=draw(people),
        consent=None if denied else draw(consents),
        denied=denied,
        status=draw(st.sampled_from(list(VisitStatus))),
        start=draw(st.none() | st.integers(-20, 60).map(lambda days: VISIT + timedelta(days=days))),
    )


lists = st.sets(st.integers(1, PEOPLE), min_size=1).flatmap(
    lambda numbers: st.tuples(*(rows(number) for number in sorted(numbers)))
)


@settings(deadline=None, max_examples=15)
@given(history=st.lists(lists, min_size=1, max_size=4), newest=lists)
def test_after_any_history_bringing_a_list_twice_is_bringing_it_once(fresh_desk, history, newest) -> None:
    with fresh_desk() as desk:
        for earlier in history:
            desk.bring(*earlier)
            desk.later(days=1)
        desk.bring(*newest)
        before = dump(desk.store)

        again = desk.bring(*newest)

        assert dump(desk.store) == before
        assert (again.added, again.changed) == (0, 0)


@settings(deadline=None, max_examples=15)
@given(history=st.lists(lists, min_size=1, max_size=3), which=st.integers(0, 30), newest=lists)
def test_after_an_unsubscribe_no_list_enrolls_that_address_or_that_person(
    fresh_desk, history, which, newest
) -> None:
    with fresh_desk() as desk:
        for earlier in history:
            desk.bring(*earlier)
        stopped = unsubscribe(desk, which)
        assert stopped is None or running_of(desk, stopped.patient_ids) == []
        before = {each.id for each in every_enrollment(desk)}
        desk.later(days=1)

        desk.bring(*newest)

        if stopped is not None:
            with desk.store.read() as tx:
                theirs = {*stopped.patient_ids, *patients.find_by_address(tx, stopped.address)}
            assert running_of(desk, stopped.patient_ids) == []
            new = [each for each in every_enrollment(desk) if each.id not in before]
            assert [each for each in new if each.patient_id in theirs] == []


@settings(deadline=None, max_examples=12)
@given(history=st.lists(lists, min_size=1, max_size=4))
def test_nothing_stays_planned_for_whom_the_newest_list_rules_out(fresh_desk, history) -> None:
    with fresh_desk() as desk:
        for each in history:
            desk.bring(*each)
        newest = {each.patient.record: each for each in history[-1]}
        with desk.store.read() as tx:
            assert audit.verify(tx) is None
            planned = overview.list_deliveries(tx, overview.Filter(states=[State.PLANNED]), limit=500)
            known = patients.load_patients(tx, {each.patient_id for each in planned})
        for record in {each.patient.record for each in known.values()} & newest.keys():
            now = newest[record]
            assert not now.denied
            assert not now.patient.deceased
            assert now.status not in {VisitStatus.DISCHARGED, VisitStatus.ON_HOLD}


@dataclass(frozen=True)
class Stopped:
    address: str
    patient_ids: tuple[int, ...]


def unsubscribe(desk: Desk, which: int) -> Stopped | None:
    """The patient of one delivery stops all mail; the address, and everyone who shared it then."""
    with desk.store.begin() as tx:
        deliveries = overview.list_deliveries(tx, limit=500)
        if not deliveries:
            return None
        delivery = deliveries[which % len(deliveries)]
        person = patients.load_patient(tx, delivery.patient_id)
        stopping.stop_all(tx, delivery, source="one_click", now=desk.now)
        address = person.patient.email
        sharing = patients.find_by_address(tx, address) if address else ()
    return Stopped(address or "", tuple({delivery.patient_id, *sharing}))


def every_enrollment(desk: Desk) -> tuple[Enrollment, ...]:
    with desk.store.read() as tx:
        return enrollments.list_enrollments(tx, limit=500)


def running_of(desk: Desk, patient_ids: tuple[int, ...]) -> list[Enrollment]:
    return [
        each
        for each in every_enrollment(desk)
        if each.patient_id in patient_ids and each.status is not EnrollmentStatus.ENDED
    ]
