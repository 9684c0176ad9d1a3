"""What people do in a simulation, carried out by the same use cases as their pages and commands.

In charge of: choosing whom it concerns, and one transaction for each. Not in charge of: when it happens
(``simulation``), or what a deed changes (``actions``).
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pipeline.actions import enrolling, halting, preferences, stopping
from pipeline.actions.enrolling import Dating
from pipeline.delivery.states import Reason
from pipeline.engine.simulation_record import Done, Recorder
from pipeline.engine.simulation_script import EVERYBODY, PATIENTS, Deed, Do
from pipeline.errors import NotAllowedError
from pipeline.store import enrollments, overview, patients
from pipeline.store.database import Store, Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

_PAUSE_DAYS = 7
_MOVE_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The clinic's people, who do what the script says."""

    store: Store
    #: What dating parts needs, done by this actor now.
    dating: Callable[[str], Dating]
    chance: random.Random
    recorder: Recorder

    def act(self, deed: Deed) -> None:
        """Do it, now, and note it.

        Raises NotAllowedError for a record number or a series that nobody knows.
        """
        now = self.dating(_actor(deed)).now
        if deed.do in EVERYBODY:
            changed = self._for_everybody(deed)
        else:
            changed = sum(self._one(deed, each) for each in self._whom(deed))
        self.recorder.done.append(Done(at=now, what=_words(deed), changed=changed))

    def _for_everybody(self, deed: Deed) -> int:
        dating = self.dating(_actor(deed))
        with self.store.begin() as tx:
            if deed.do is Do.GO_ON:
                return int(halting.go_on(tx, deed.series, actor=dating.actor, now=dating.now))
            halting.halt(tx, deed.series, actor=dating.actor, now=dating.now)
        return 1

    def _whom(self, deed: Deed) -> list[int]:
        """Ids of enrollments, in order."""
        with self.store.read() as tx:
            if deed.who:
                return [each for record in deed.who for each in _of_record(tx, record)]
            running = [each.id for each in _running(tx)]
        if deed.do in PATIENTS:
            # They answer an email: who has had none yet has no link to click.
            mailed = {each.enrollment for each in self.recorder.mailed}
            running = [each for each in running if each in mailed]
        return sorted(self.chance.sample(running, min(deed.count, len(running))))

    def _one(self, deed: Deed, enrollment_id: int) -> bool:
        dating = self.dating(_actor(deed))
        with self.store.begin() as tx:
            enrollment = enrollments.load_enrollment(tx, enrollment_id)
            if enrollment is None:
                return False
            if deed.do in _STOPS:
                return self._stop(tx, deed, enrollment, dating)
            return _DEEDS[deed.do](tx, enrollment, dating, deed)

    def _stop(self, tx: Tx, deed: Deed, enrollment: Enrollment, dating: Dating) -> bool:
        """A patient's own stop; from this commit on nothing may go to those whom it concerns."""
        rows = overview.deliveries_of(tx, [enrollment.id])
        if not rows:
            return False
        concerned: Iterable[Enrollment] = [enrollment]
        if deed.do is Do.UNSUBSCRIBE:
            concerned = enrollments.enrollments_of(tx, _sharing(tx, enrollment.patient_id))
            stopping.stop_all(tx, rows[-1], source="one_click", now=dating.now)
        elif deed.do is Do.NOT_ME:
            concerned = enrollments.enrollments_of(tx, [enrollment.patient_id])
            stopping.not_me(tx, rows[-1], now=dating.now)
        else:
            stopping.stop_series(tx, rows[-1], now=dating.now)
        self.recorder.stopped(tx, frozenset(each.id for each in concerned))
        return enrollment.status is not EnrollmentStatus.ENDED


def _sharing(tx: Tx, patient_id: int) -> tuple[int, ...]:
    """Everyone who shares the patient's address."""
    row = patients.load_patient(tx, patient_id)
    address = row.patient.email if row else None
    return patients.find_by_address(tx, address) if address else (patient_id,)


def _pause(tx: Tx, enrollment: Enrollment, dating: Dating, deed: Deed) -> bool:
    today = _today(enrollment, dating)
    until = deed.on or today + timedelta(days=deed.days or _PAUSE_DAYS)
    return until > today and preferences.pause(tx, enrollment, dating, until=until)


def _move(tx: Tx, enrollment: Enrollment, dating: Dating, deed: Deed) -> bool:
    if enrollment.status is EnrollmentStatus.ENDED:
        return False
    start = deed.on or enrollment.start + timedelta(days=deed.days or _MOVE_DAYS)
    return enrolling.move(tx, enrollment, dating, start=start, zone=enrollment.zone)


def _miss(tx: Tx, enrollment: Enrollment, dating: Dating, deed: Deed) -> bool:
    """A visit that was canceled or missed; after the first one has taken place it changes nothing."""
    if _today(enrollment, dating) > enrollment.start:
        return False
    reason = Reason.CANCELED_VISIT if deed.do is Do.CANCEL_VISIT else Reason.NO_SHOW
    return enrolling.hold(tx, enrollment, dating, reason=reason)


_STOPS = frozenset({Do.UNSUBSCRIBE, Do.STOP_SERIES, Do.NOT_ME})
_DEEDS: dict[Do, Callable[[Tx, Enrollment, Dating, Deed], bool]] = {
    Do.PAUSE: _pause,
    Do.SLOWER: lambda tx, enrollment, dating, _deed: preferences.go_slower(tx, enrollment, dating),
    Do.NEXT_NOW: lambda tx, enrollment, dating, _deed: (
        preferences.ask_next(tx, enrollment, dating) is not None
    ),
    Do.MOVE: _move,
    Do.CANCEL_VISIT: _miss,
    Do.NO_SHOW: _miss,
    Do.DISCHARGE: lambda tx, enrollment, dating, _deed: enrolling.end(
        tx, enrollment, dating, reason=Reason.DISCHARGED
    ),
}


def _today(enrollment: Enrollment, dating: Dating) -> date:
    return dating.now.astimezone(ZoneInfo(enrollment.zone)).date()


def _of_record(tx: Tx, record: str) -> list[int]:
    patient = patients.find_by_record(tx, record)
    if patient is None:
        raise NotAllowedError(
            f"The script names the record number {record!r}, which no patient has.",
            mend="look for it in `pipeline calendar`, or write random = 1 instead of who",
        )
    return [each.id for each in enrollments.enrollments_of(tx, [patient])]


def _running(tx: Tx) -> Iterator[Enrollment]:
    after = 0
    while page := enrollments.list_enrollments(tx, after=after, limit=1000):
        yield from (each for each in page if each.status is not EnrollmentStatus.ENDED)
        after = page[-1].id


def _actor(deed: Deed) -> str:
    return "patient:page" if deed.do in PATIENTS else "staff:script"


def _words(deed: Deed) -> str:
    whom = f" ({', '.join(deed.who)})" if deed.who else f" ({deed.count} by chance)" if deed.count else ""
    where = f", amid a batch ({deed.amid.value})" if deed.amid else ""
    return f"{deed.do.value.replace('_', ' ')}{whom}{where}"
