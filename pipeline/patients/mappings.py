"""A clinic's own column mappings, as plain data that a small TOML file holds.

In charge of: the keys of such a file, and what is said where one is wrong. Not in charge of: files and
folders (``app.mappings``), or finding the columns in a header (``columns``).

    date_order = "month_first"        # or "day_first": how 03/04/2026 is meant
    times = "local"                   # or "utc": times without an offset

    [columns]                         # what the pipeline needs = the column's name in your file
    record_id = "Patient ID"
    email = ["Email", "E-mail 2"]     # the first one that the file has

    [statuses]                        # your system's words for the state of a visit
    canceled = ["Struck off"]

    [answers]                         # your system's words in columns of yes and no
    yes = ["Signed"]
    no = ["Declined"]
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from pipeline.errors import Place, RosterError
from pipeline.patients.columns import ColumnMapping, Columns, Field, plain
from pipeline.patients.model import DateOrder, VisitStatus
from pipeline.patients.wording import shown

_Meaning = TypeVar("_Meaning")

_KEYS = ("name", "date_order", "times", "columns", "statuses", "answers")
_TIMES = {"local": False, "utc": True}
_ANSWERS = {"yes": True, "no": False}


def mapping_data(mapping: ColumnMapping) -> dict[str, object]:
    """A mapping as plain data (for TOML or JSON); ``saved_mapping`` reads it."""
    data: dict[str, object] = {"name": mapping.name}
    if mapping.date_order is not None:
        data["date_order"] = mapping.date_order.value
    data["times"] = "utc" if mapping.times_are_utc else "local"
    data["columns"] = {field.value: _one_or_list(names) for field, names in mapping.columns.items()}
    if mapping.statuses:
        data["statuses"] = {
            each.value: [word for word, status in mapping.statuses.items() if status is each]
            for each in dict.fromkeys(mapping.statuses.values())
        }
    if mapping.answers:
        data["answers"] = {
            word: [text for text, answer in mapping.answers.items() if answer is means]
            for word, means in _ANSWERS.items()
            if means in mapping.answers.values()
        }
    return data


def _one_or_list(names: tuple[str, ...]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def saved_mapping(data: Mapping[str, object], *, file: str | None = None) -> ColumnMapping:
    """A mapping from plain data, whose keys the module's docstring shows; ``columns`` alone is needed.

    Raises RosterError for a key, field or state that does not exist, naming the nearest, and for anything
    but text; ``file`` is named in it.
    """
    for key in data:
        _known(str(key), _KEYS, "key", key=str(key), file=file)
    columns = data.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        what, mend = "A column mapping needs a table 'columns'.", 'write [columns], then email = "…"'
        raise _bad(what, "columns", mend, file)
    found: dict[Field, tuple[str, ...]] = {}
    for key, value in columns.items():
        field = _known(str(key), Field, "field", key=f"columns.{key}", file=file)
        found[Field(field)] = _names(key, value, file)
    order = _choice(data, "date_order", {each.value: each for each in DateOrder}, file)
    statuses = {each.value: each for each in VisitStatus}
    return ColumnMapping(
        name=str(data.get("name") or "saved"),
        columns=MappingProxyType(found),
        times_are_utc=_choice(data, "times", _TIMES, file) or False,
        date_order=order,
        statuses=_words(data, "statuses", statuses.get, tuple(statuses), file),
        answers=_words(data, "answers", _ANSWERS.get, tuple(_ANSWERS), file),
        is_saved=True,
    )


def _known(word: str, known: Iterable[str], kind: str, *, key: str, file: str | None) -> str:
    names = [str(each) for each in known]
    if word in names:
        return word
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    mend = f"did you mean {shown(near[0])}?" if near else f"there are: {', '.join(names)}"
    raise _bad(f"There is no {kind} {shown(word)}.", key, mend, file)


def _names(key: object, value: object, file: str | None) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(each, str) and each for each in names):
        what = f"The column of {shown(key)} has to be a name or a list of names."
        raise _bad(what, f"columns.{key}", f'write {key} = "Name of the column"', file)
    return tuple(names)


def _choice(
    data: Mapping[str, object], key: str, known: Mapping[str, _Meaning], file: str | None
) -> _Meaning | None:
    if key not in data:
        return None
    return known[_known(str(data[key]), known, "choice", key=key, file=file)]


def _words(
    data: Mapping[str, object],
    table: str,
    meaning: Callable[[str], _Meaning | None],
    known: tuple[str, ...],
    file: str | None,
) -> Mapping[str, _Meaning]:
    """The clinic's words of one table by what they mean: ``canceled = ["Struck off"]`` turned round."""
    said = data.get(table, {})
    if not isinstance(said, Mapping):
        raise _bad(f"{shown(table)} has to be a table.", table, f"write [{table}] on a line of its own", file)
    found: dict[str, _Meaning] = {}
    for key, value in said.items():
        means = meaning(_known(str(key), known, "meaning", key=f"{table}.{key}", file=file))
        assert means is not None
        for word in _names(key, value, file):
            found[plain(word)] = means
    return MappingProxyType(found)


def _bad(what: str, key: str, mend: str, file: str | None) -> RosterError:
    return RosterError(what, where=Place(file=file, key=key), mend=mend)


def confirmed(
    name: str, tables: Sequence[Columns], *, date_order: DateOrder | None, times_are_utc: bool
) -> ColumnMapping:
    """What was taken for what in the files of one import, to be used again for the next one.

    Only columns that the files have stay, as they write them; alternatives keep their order, because the
    first one counts.
    """
    header = {plain(column): column for table in tables for column in table.header}
    used = {field for table in tables for field in table.at}
    found = {
        field: tuple(dict.fromkeys(header[key] for key in _alternatives(field, tables) if key in header))
        for field in Field
        if field in used
    }
    orders = (table.mapping.date_order for table in tables)
    return ColumnMapping(
        name=name,
        columns=MappingProxyType(found),
        times_are_utc=times_are_utc or any(_is_utc(table) for table in tables),
        date_order=date_order or next((each for each in orders if each is not None), None),
        statuses=tables[0].mapping.statuses,
        answers=tables[0].mapping.answers,
        is_saved=True,
    )


def _alternatives(field: Field, tables: Sequence[Columns]) -> list[str]:
    return [plain(each) for table in tables for each in table.mapping.columns.get(field, ())]


def _is_utc(table: Columns) -> bool:
    return table.mapping.times_are_utc and Field.VISIT in table.at
