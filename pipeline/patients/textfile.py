"""A CSV file's bytes to rows of text: encoding, delimiter, quotes.

In charge of: reading any delimited text that a practice system or a spreadsheet writes, row by row. Not in
charge of: what the columns mean (``columns``, ``rows``).
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes

from pipeline.errors import Place, RosterError
from pipeline.patients.columns import PRESETS, ColumnMapping, recognised
from pipeline.patients.model import WHOLE_ROW, CellError
from pipeline.patients.sheet import Sheet, SheetRow, with_header

#: Larger files are no patients list, and would fill the machine's memory.
MOST_BYTES = 200_000_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Single-byte encodings of the spreadsheets that clinics use; wider guesses do more harm than good.
_LEGACY = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman", "iso8859_15")
_SAMPLE = 200_000
#: What other encodings look like when read as windows-1252: a sign inside a word or before its first letter,
#: a capital after a small letter, words of foreign letters throughout.
_ODD_IN_WESTERN = re.compile(
    r"[^\W\d_](?=[^\x00-\x7f])[^\w’](?=[^\W\d_])"
    r"|(?=[^\x00-\x7f])[^\w\s’‘“„«¿¡](?=[a-z])"
    r"|[a-zà-ÿ][À-ÞŠŽŒŸ]"
    r"|[^\x00-\x7f]{3}"
)
_USUAL_DELIMITERS = (",", ";", "\t", "|")


def open_text(
    data: bytes, *, name: str, encoding: str | None = None, mapping: ColumnMapping | None = None
) -> Sheet:
    """The sheet of a delimited text file; rows are decoded and parsed as they are asked for.

    ``encoding`` overrules what would be found out. Raises RosterError for an empty, binary or oversized
    file and for an unknown encoding. A row that cannot be parsed is a CellError among the rows.
    """
    check_size(data, name)
    encoding = encoding or find_encoding(data, name)
    try:
        stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors="replace", newline="")
        head = stream.read(_SAMPLE)
    except LookupError as error:
        raise RosterError(
            f"The encoding {encoding!r} is not known.",
            where=Place(file=name),
            mend="name one like 'utf-8' or 'windows-1252'",
        ) from error
    announced = re.match(r"\s*\"?sep=(.)\"?[ \t]*(\r\n|\r|\n)", head)
    stream.seek(0)
    if announced:
        # A line that only Excel reads, and does not count as a row.
        stream.readline()
    delimiter = announced[1] if announced else find_delimiter(head, mapping)
    rows = _rows(stream, delimiter)
    return with_header(rows, name=name, encoding=encoding, delimiter=delimiter, mapping=mapping)


def check_size(data: bytes, name: str) -> None:
    """Raise RosterError for an empty or an oversized file."""
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise RosterError("The file is empty.", where=Place(file=name), mend="export the patients again")
    if len(data) > MOST_BYTES:
        size, most = (amount // 1_000_000 for amount in (len(data), MOST_BYTES))
        raise RosterError(
            f"The file has {size:,} MB; a patients file has at most {most}.",
            where=Place(file=name),
            mend="export fewer patients at a time",
        )


def find_encoding(data: bytes, name: str) -> str:
    """The encoding of a text file: by its byte order mark, its NUL bytes, or because UTF-8 fits.

    Else a legacy encoding, guessed from its non-ASCII lines. Raises RosterError for binary data.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    sample = data[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 8 and min(even, odd) <= max(even, odd) // 8:
        return "utf-16-le" if odd > even else "utf-16-be"
    strange = sum(byte < 32 and byte not in b"\t\n\r\f\x1a\x1b\x1f" for byte in sample)
    if strange > max(8, len(sample) // 50):
        raise RosterError(
            "The file is not text: it looks like a program's own format.",
            where=Place(file=name),
            mend="export the patients as CSV (UTF-8) or as .xlsx",
        )
    return "utf-8" if _is_mostly_utf8(data) else _legacy_encoding(data)


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, or nearly: a damaged character costs its cell, not the file's names."""
    try:
        codecs.utf_8_decode(data, "strict", True)
    except UnicodeDecodeError:
        text = data[: _SAMPLE * 10].decode("utf-8", "replace")
        bad = text.count("\N{REPLACEMENT CHARACTER}")
        good = sum(1 for char in text if char > "\x7f") - bad
        return good > 3 * bad
    return True


def _legacy_encoding(data: bytes) -> str:
    """windows-1252, unless it makes odd words of the file: statistics are too weak for a few names."""
    lines = b"\n".join(line for line in data.splitlines() if not line.isascii())[:_SAMPLE]
    western = lines.decode("cp1252", "replace")
    foreign = sum(char > "\x7f" for char in western)
    if len(_ODD_IN_WESTERN.findall(western)) * 4 <= foreign:
        return "cp1252"
    best = from_bytes(lines, cp_isolation=list(_LEGACY)).best()
    return best.encoding if best else "cp1252"


def find_delimiter(head: str, mapping: ColumnMapping | None = None) -> str:
    """The character between the cells: the one that makes most known columns out of some early row."""
    lines = head.splitlines()[:20]
    unusual = {char for line in lines for char in line if not char.isalnum() and not char.isspace()}
    candidates = (
        *_USUAL_DELIMITERS,
        *sorted((unusual | {"\x1f"}) - {'"', "_", "-", ".", *_USUAL_DELIMITERS}),
    )
    return max(candidates, key=lambda delimiter: _columns_known(lines, delimiter, mapping))


def _columns_known(lines: list[str], delimiter: str, mapping: ColumnMapping | None) -> tuple[int, int]:
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        rows = list(reader)
    except csv.Error:
        return (0, 0)
    known = [mapping] if mapping else []
    return max(((recognised(row, [*known, *PRESETS]), min(len(row), 2)) for row in rows), default=(0, 0))


class _Lines(Iterator[str]):
    """A text stream's lines, counted: csv's own count is lost with the error that needs it."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.count = 0

    def __next__(self) -> str:
        line = next(self._stream)
        self.count += 1
        return line


def _rows(stream: io.TextIOWrapper, delimiter: str) -> Iterator[SheetRow | CellError]:
    lines = _Lines(stream)
    # Strict: an unclosed quote would otherwise swallow the rows after it in silence.
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    number = 0
    while True:
        number += 1
        before = lines.count
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            swallowed = max(lines.count - before - 1, 0)
            yield CellError(row=number, column=WHOLE_ROW, message=_why_unreadable(error, swallowed))
            number += swallowed
            continue
        yield SheetRow(number, cells)


def _why_unreadable(error: csv.Error, swallowed: int) -> str:
    limit = csv.field_size_limit()
    what = (
        f"a cell holds more than {limit:,} characters; is a quotation mark never closed?"
        if "limit" in str(error)
        else "a quotation mark is not closed, or stands inside a cell without being doubled"
    )
    return f"{what}; the {swallowed:,} lines after it were left out, too" if swallowed else what
