"""Every kind of calendar question, as hypothesis asks it: zone, rules, parts, moment, what went already."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pipeline.schedule.model import Late, PartDay, Planned, Rules, Sent
from pipeline.schedule.plan import plan

DAY = timedelta(days=1)
ZONES = sorted(available_timezones())
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))

bounded = settings(
    deadline=None, max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Case:
    """Everything that ``plan`` takes."""

    start: date
    zone: ZoneInfo
    parts: tuple[PartDay, ...]
    rules: Rules
    now: datetime
    enrolled_at: datetime
    sent: tuple[Sent, ...] = ()

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def plan(self) -> tuple[Planned, ...]:
        return plan(
            start=self.start, zone=self.zone, parts=self.parts, rules=self.rules, now=self.now,
            enrolled_at=self.enrolled_at, sent=self.sent,
        )  # fmt: skip

    def rules_of(self, planned: Planned) -> Rules:
        """The part's own rules, else those of the plan."""
        return next(part.rules or self.rules for part in self.parts if part.part == planned.part)

    def on(self, planned: Planned) -> date:
        return self.wall(planned).date()

    def wall(self, planned: Planned) -> datetime:
        assert planned.due is not None
        return planned.due.astimezone(self.zone)


@st.composite
def rule_sets(draw: st.DrawFn, around: date) -> Rules:
    opening, send, closing = sorted(draw(st.lists(MINUTES, min_size=3, max_size=3)))
    if closing in {opening, send}:
        opening, send, closing = time(9), time(9), time(17)
    closed = draw(st.sets(st.integers(-30, 80), max_size=40))
    return Rules(
        send_time=send, window_open=opening, window_close=closing,
        weekdays=frozenset(draw(st.sets(st.integers(1, 7), min_size=1))),
        closed=frozenset(around + ahead * DAY for ahead in closed),
        min_gap_days=draw(st.integers(0, 6)), expires_after_days=draw(st.integers(0, 40)),
        late=draw(st.sampled_from(Late)),
    )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn, *, mixed: bool = False) -> Case:
    """``mixed``: some parts have rules of their own."""
    start = draw(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
    offsets = sorted(draw(st.sets(st.integers(-10, 40), min_size=1, max_size=6)))
    now = datetime.combine(start, time(0), tzinfo=UTC) + timedelta(minutes=draw(st.integers(-30_000, 60_000)))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    own = draw(
        st.lists(st.none() | rule_sets(start), min_size=len(offsets), max_size=len(offsets))
        if mixed
        else st.just([None] * len(offsets))
    )
    went = draw(st.integers(0, len(offsets) - 1))
    today = now.astimezone(zone).date()
    days = sorted(draw(st.lists(st.integers(0, 30), min_size=went, max_size=went, unique=True)), reverse=True)
    return Case(
        start=start, zone=zone, now=now, rules=draw(rule_sets(start)),
        parts=tuple(
            PartDay(part=number, offset=offset, rules=rules)
            for number, (offset, rules) in enumerate(zip(offsets, own, strict=True), 1)
        ),
        enrolled_at=now - timedelta(minutes=draw(st.integers(0, 40_000))),
        sent=tuple(Sent(part=number, on=today - ago * DAY) for number, ago in enumerate(days, 1)),
    )  # fmt: skip
