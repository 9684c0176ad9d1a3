"""A clinic in Chicago that imports on Monday 23 November 2026, and files to import."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from pipeline.patients.columns import ColumnMapping
from pipeline.patients.model import Basis, ImportTerms, Roster, RosterFile
from pipeline.patients.roster import gather, open_rosters

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def terms_with(**changes: object) -> ImportTerms:
    usual: dict[str, object] = {
        "clinic_zone": ZoneInfo("America/Chicago"), "now": NOW, "basis": Basis.TREATMENT,
        "wording": "intake-1",
    }  # fmt: skip
    return ImportTerms(**{**usual, **changes})


@pytest.fixture
def terms() -> Callable[..., ImportTerms]:
    """Terms of the usual import, but for the changes that are named."""
    return terms_with


@pytest.fixture
def imported() -> Callable[..., Roster]:
    """Read files (name=bytes or text) as one import; other keywords are terms."""

    def read(
        *contents: bytes | str, mappings: dict[str, ColumnMapping] | None = None, **changes: object
    ) -> Roster:
        files = [
            RosterFile(name=f"file{number}", data=each.encode() if isinstance(each, str) else each)
            for number, each in enumerate(contents, 1)
        ]
        return gather(open_rosters(files, terms=terms_with(**changes), mappings=mappings or {}))

    return read


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """An .xlsx file with one sheet, or several by name; rows of Python values."""

    def make(*rows: Sequence[object], **sheets: Sequence[Sequence[object]]) -> bytes:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, content in ({"Sheet1": rows} if rows else sheets).items():
            sheet = book.create_sheet(title)
            for row in content:
                sheet.append(list(row))
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    return make
