"""A look at a workbook's parts before a library reads it: how far its sheets reach, and its error cells.

In charge of: what the reading library does not tell or cannot bear. It makes room for every cell up to the
last one that is filled, so that a single stray cell in the last row and column would end the process; and it
gives cells like #REF! as blank, which would turn a "no" into nothing. Not in charge of: reading values
(``workbook``). Source of the format: ECMA-376, part 1, 18.3.1.4 (c), 18.18.11 (ST_CellType).
"""

import html
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_PIECE = 1 << 20
#: A cell's tag with its value is never longer than this in what spreadsheets write.
_OVERLAP = 600
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*>")
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']e[\"'])[^>]*?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*>"
    rb"(?:<(?:\w+:)?f[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?(?:<(?:\w+:)?v>([^<]{0,20}))?"
)
_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_ATTRIBUTE = re.compile(r"([\w:]+)=[\"']([^\"']*)[\"']")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")


@dataclass(slots=True)
class Scan:
    """What one sheet's part says about its size and its errors; rows and columns count from 1."""

    rows: int = 0
    columns: int = 0
    #: The text of each error cell, like ``#REF!``, by row and column.
    errors: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def area(self) -> int:
        """Cells that a reader makes room for."""
        return self.rows * self.columns


def scan_sheets(data: zipfile.ZipFile) -> Mapping[str, Scan]:
    """Each sheet by its name. Raises zipfile.BadZipFile or zlib.error for damaged parts."""
    return MappingProxyType({name: _scan(data, part) for name, part in _parts(data).items()})


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of each sheet by the sheet's name (ECMA-376, part 1, 12.3.23)."""
    workbook = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    try:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return {}
    targets = {each.get("Id", ""): each.get("Target", "") for each in _tags(_RELATION, relations)}
    known = set(archive.namelist())
    found: dict[str, str] = {}
    for sheet in _tags(_SHEET, workbook):
        target = targets.get(next((sheet[key] for key in sheet if key.endswith(":id")), ""), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if part in known:
            found[html.unescape(sheet.get("name", ""))] = part
    return found


def _tags(wanted: re.Pattern[str], text: str) -> Iterator[dict[str, str]]:
    return (dict(_ATTRIBUTE.findall(tag)) for tag in wanted.findall(text))


def _scan(archive: zipfile.ZipFile, part: str) -> Scan:
    found = Scan()
    carried = b""
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE):
            text = carried + piece
            for letters, number in _CELL.findall(text):
                found.rows = max(found.rows, int(number))
                found.columns = max(found.columns, _column(letters))
            for letters, number, value in _ERROR.findall(text):
                found.errors[int(number), _column(letters)] = value.decode("ascii", "replace") or "#ERROR!"
            carried = text[-_OVERLAP:]
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


#: What reading a damaged part raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OSError, RuntimeError)
