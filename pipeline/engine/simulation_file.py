"""A script file (TOML) becomes a ``Script``; every mistake names its line and how to mend it.

In charge of: the file's shape and its two ways to write a moment. Not in charge of: what the entries do
(``simulation``); docs/simulate.md describes them for people.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from pipeline.engine.simulation_script import (
    EVERYBODY,
    Deed,
    Do,
    Jump,
    Outage,
    Point,
    Restart,
    Script,
    Second,
)
from pipeline.errors import PipelineError, Place
from pipeline.providers.simulated import Arrives, Failing, Trouble
from pipeline.sections.fields import Section

#: A moment as the file has it: TOML's own date and time, or "day 3 09:00".
_When = datetime | str
_RELATIVE = re.compile(r"day (\d{1,4})(?:,? (\d{1,2}):(\d{2}))?")


class ScriptError(PipelineError):
    """A script file cannot be understood."""

    exit_code = 2


class _Span(Section):
    begin: _When = Field(alias="from")
    until: _When


class _Outage(_Span):
    kind: Trouble
    #: After a timeout or HTTP 500: whether the messages got through.
    arrives: Arrives = Arrives.MAYBE
    retry_after_seconds: Annotated[int | None, Field(ge=1)] = None


class _Restart(Section):
    at: _When
    point: Point = Point.AFTER_SEND
    down_minutes: Annotated[int, Field(ge=0)] = 1


class _Jump(Section):
    at: _When
    by_minutes: Annotated[int, Field(ge=-100_000, le=100_000)]


class _Deed(Section):
    at: _When
    who: tuple[str, ...] = ()
    random: Annotated[int, Field(ge=0)] = 0
    amid: Point | None = None
    days: Annotated[int | None, Field(ge=-365, le=365)] = None


class _Patient(_Deed):
    do: Literal["unsubscribe", "stop_series", "not_me", "pause", "slower", "next_now"]
    until: date | None = None


class _Staff(_Deed):
    do: Literal["move", "cancel_visit", "no_show", "discharge", "halt", "go_on"]
    start: date | None = None
    series: str | None = None


class _File(Section):
    seed: int | None = None
    #: How long the mail API knows a delivery key again; 0: not at all.
    remembers_hours: Annotated[int, Field(ge=0, le=10_000)] = 0
    outage: tuple[_Outage, ...] = ()
    restart: tuple[_Restart, ...] = ()
    second_scheduler: tuple[_Span, ...] = ()
    clock_jump: tuple[_Jump, ...] = ()
    patient: tuple[_Patient, ...] = ()
    staff: tuple[_Staff, ...] = ()


def read_script(text: str, *, name: str, start: datetime, zone: ZoneInfo) -> Script:
    """The script in ``text``. Times without an offset are on the clocks of ``zone``, "day 1" is the day of
    ``start`` there.

    Raises ScriptError with file, line and mend.
    """
    try:
        data = tomllib.loads(text)
        file = _File.model_validate(data)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ScriptError(
            f"The script is not valid TOML: {error}",
            where=Place(file=name, line=int(line.group(1)) if line else None),
            mend="look for a missing quote, bracket or equals sign there",
        ) from error
    except ValidationError as error:
        # A key that does not exist explains a key that is missing, not the other way round.
        found = sorted(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
        raise _error(found[0], text, name) from error
    return _Reading(text, name, start.astimezone(zone), zone).script(file)


class _Reading:
    """From the file's words to moments and values."""

    def __init__(self, text: str, name: str, start: datetime, zone: ZoneInfo) -> None:
        self._text = text
        self._name = name
        self._start = start
        self._zone = zone

    def script(self, file: _File) -> Script:
        """The whole file."""
        return Script(
            outages=tuple(
                Outage(
                    start=self._moment(each.begin, "outage", number, "from"),
                    until=self._moment(each.until, "outage", number, "until"),
                    failing=_failing(each),
                )
                for number, each in enumerate(file.outage)
            ),
            restarts=tuple(
                Restart(
                    at=self._moment(each.at, "restart", number, "at"),
                    point=each.point,
                    down=timedelta(minutes=each.down_minutes),
                )
                for number, each in enumerate(file.restart)
            ),
            seconds=tuple(self._seconds(file)),
            jumps=tuple(self._jumps(file)),
            deeds=tuple(self._deeds(file)),
            seed=file.seed,
            remembers=timedelta(hours=file.remembers_hours) if file.remembers_hours else None,
        )

    def _seconds(self, file: _File) -> Iterator[Second]:
        for number, each in enumerate(file.second_scheduler):
            begin = self._moment(each.begin, "second_scheduler", number, "from")
            until = self._moment(each.until, "second_scheduler", number, "until")
            yield Second(start=begin, until=until)

    def _jumps(self, file: _File) -> Iterator[Jump]:
        for number, each in enumerate(file.clock_jump):
            at = self._moment(each.at, "clock_jump", number, "at")
            yield Jump(at=at, by=timedelta(minutes=each.by_minutes))

    def _deeds(self, file: _File) -> Iterator[Deed]:
        for number, each in enumerate(file.patient):
            yield self._deed(each, "patient", number, on=each.until)
        for number, one in enumerate(file.staff):
            yield self._deed(one, "staff", number, on=one.start, series=one.series)

    def _deed(
        self, each: _Patient | _Staff, table: str, number: int, *, on: date | None, series: str | None = None
    ) -> Deed:
        do = Do(each.do)
        if do not in EVERYBODY and not each.who and not each.random:
            raise self._wrong(
                f"Nobody is named who is to {do.value}.", table, number, "do",
                'add who = ["P-1001"] (record numbers), or random = 3',
            )  # fmt: skip
        if do is Do.MOVE and on is None and each.days is None:
            raise self._wrong(
                "The new date of the first visit is missing.", table, number, "do",
                "add start = 2026-01-20, or days = 7 for a week later",
            )  # fmt: skip
        at = self._moment(each.at, table, number, "at")
        return Deed(
            at=at,
            do=do,
            who=each.who,
            count=each.random,
            days=each.days,
            on=on,
            series=series,
            amid=each.amid,
        )

    def _moment(self, when: _When, table: str, number: int, key: str) -> datetime:
        if isinstance(when, datetime):
            return when if when.tzinfo else when.replace(tzinfo=self._zone)
        found = _RELATIVE.fullmatch(when.strip())
        clock = (int(found[2] or 0), int(found[3] or 0)) if found else (24, 0)
        if found is None or clock[0] > 23 or clock[1] > 59 or int(found[1]) < 1:
            raise self._wrong(
                f"{when!r} is no moment.", table, number, key,
                'write "day 3 09:00" (day 1 is the first), or 2026-01-14T09:00:00 without quotes',
            )  # fmt: skip
        day = self._start.date() + timedelta(days=int(found[1]) - 1)
        return datetime.combine(day, time(*clock), self._zone)

    def _wrong(self, what: str, table: str, number: int, key: str, mend: str) -> ScriptError:
        line = _line_of(self._text, (table, str(number), key))
        return ScriptError(what, where=Place(file=self._name, key=f"{table}.{key}", line=line), mend=mend)


def _failing(each: _Outage) -> Failing:
    asked = each.retry_after_seconds
    return Failing(
        trouble=each.kind,
        arrives=each.arrives,
        retry_after=timedelta(seconds=asked) if asked else None,
    )


def _error(detail: ErrorDetails, text: str, name: str) -> ScriptError:
    path = tuple(str(step) for step in detail["loc"])
    keys = [step for step in path if not step.isdigit()]
    where = Place(file=name, key=".".join(keys[:2]), line=_line_of(text, path))
    if detail["type"] == "extra_forbidden":
        known = _known(path)
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        mend = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return ScriptError(f"There is no key {path[-1]!r}.", where=where, mend=mend)
    if detail["type"] == "missing":
        mend = "docs/simulate.md shows every entry"
        return ScriptError(f"The key {path[-1]!r} is missing.", where=where, mend=mend)
    what = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return ScriptError(
        f"The value of {keys[-1]!r} is not right.", where=where, mend=f"write {what}; see docs/simulate.md"
    )


_TABLES: dict[str, type[Section]] = {
    "outage": _Outage,
    "restart": _Restart,
    "second_scheduler": _Span,
    "clock_jump": _Jump,
    "patient": _Patient,
    "staff": _Staff,
}


def _known(path: tuple[str, ...]) -> list[str]:
    model = _TABLES.get(path[0], _File) if len(path) > 1 else _File
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _line_of(text: str, path: tuple[str, ...]) -> int | None:
    """Line (from 1) of the key ``path`` (table, number of its entry, key), or of the entry itself."""
    number = int(path[1]) if len(path) > 1 and path[1].isdigit() else None
    key = path[2] if len(path) > 2 else path[0]
    seen, inside, found = -1, number is None, None
    for line, content in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[\s*(\w+)\s*\]\]", content)
        if header:
            seen += header[1] == path[0]
            inside = header[1] == path[0] and number in {None, seen}
            found = line if inside else found
        elif inside and re.match(rf"\s*{re.escape(key)}\s*=", content):
            return line
    return found
