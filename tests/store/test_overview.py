from datetime import timedelta

from pipeline.delivery.states import Reason, State
from pipeline.store import ledger, overview
from pipeline.store.overview import Filter
from pipeline.store.steps import Mark

DAY = timedelta(days=1)


def ids_of(rows) -> list[int]:
    return [row.id for row in rows]


def test_deliveries_are_counted_by_state_and_series(clinic):
    clinic.with_due(3)
    other = clinic.bring_in([clinic.person(50)])
    clinic.date(clinic.enroll(other, series="other"), [clinic.planned(1, None), clinic.planned(2)])
    clinic.claim(limit=2)
    with clinic.store.read() as tx:
        assert overview.count_by_state(tx) == {State.CLAIMED: 2, State.PLANNED: 2, State.SKIPPED: 1}
        assert overview.count_by_state(tx, series="other") == {State.PLANNED: 1, State.SKIPPED: 1}
        assert overview.count_by_state(tx, series="none") == {}


def test_the_next_due_time_is_that_of_what_is_planned(clinic):
    with clinic.store.read() as tx:
        assert overview.next_due(tx) is None
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    clinic.date(enrolled, [clinic.planned(1), clinic.planned(2, clinic.now + DAY)])
    with clinic.store.read() as tx:
        assert overview.next_due(tx) == clinic.now
    clinic.claim()
    with clinic.store.read() as tx:
        assert overview.next_due(tx) == clinic.now + DAY


def test_a_list_is_filtered_and_paged_from_the_newest_on(clinic):
    ids = clinic.with_due(4, parts=2)
    clinic.claim(limit=3)
    first = clinic.row(ids[0])
    with clinic.store.begin() as tx:
        held = Mark(delivery=ids[0], state=State.HELD, reason=Reason.PAUSED)
        ledger.settle(tx, [held], owner="a", now=clinic.now)

    def found(wanted: Filter = overview.ALL, **page) -> list[int]:
        with clinic.store.read() as tx:
            return ids_of(overview.list_deliveries(tx, wanted, **page))

    newest = sorted(ids, reverse=True)
    assert found() == newest
    assert found(limit=3) == newest[:3]
    assert found(limit=3, before=newest[2]) == newest[3:6]
    assert found(Filter(states=[State.HELD])) == found(Filter(reason=Reason.PAUSED)) == [ids[0]]
    assert found(Filter(states=[State.CLAIMED, State.HELD])) == newest[-3:]
    assert found(Filter(states=[])) == []
    assert found(Filter(patient_id=first.patient_id)) == found(Filter(enrollment_id=first.enrollment_id))
    assert found(Filter(enrollment_id=first.enrollment_id)) == [ids[1], ids[0]]
    assert found(Filter(series="none")) == []
    assert found(Filter(series=clinic.series, states=[State.HELD])) == [ids[0]]


def test_what_comes_next_is_listed_by_due_time_page_by_page(clinic):
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(number) for number in range(3)]))
    plan = [
        clinic.planned(1, clinic.now + 2 * DAY),
        clinic.planned(2, clinic.now + DAY),
        clinic.planned(3, None),
    ]
    clinic.date(enrolled, plan)
    with clinic.store.read() as tx:
        rows = overview.list_upcoming(tx)
        assert [(row.part, row.due_at) for row in rows] == [(2, clinic.now + DAY)] * 3 + [
            (1, clinic.now + 2 * DAY)
        ] * 3
        assert overview.list_upcoming(tx, until=clinic.now + DAY) == rows[:3]
        paged = overview.list_upcoming(tx, limit=2)
        while len(page := overview.list_upcoming(tx, limit=2, after=(paged[-1].due_at, paged[-1].id))):
            paged += page
        assert paged == rows


def test_a_delivery_is_found_by_its_key_and_its_enrollment(clinic):
    first, second = clinic.with_due(1, parts=2)
    row = clinic.row(second)
    with clinic.store.read() as tx:
        assert overview.find_by_key(tx, row.key) == row
        assert overview.find_by_key(tx, "nothing") is None
        assert ids_of(overview.deliveries_of(tx, [row.enrollment_id])) == [first, second]
        assert overview.find_delivery(tx, second + 1) is None
