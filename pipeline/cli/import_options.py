"""The options of ``pipeline import`` and what its help says of each.

In charge of: their types and words. Not in charge of: what they do (``import_command``).
"""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from pipeline.patients.model import Basis as _Basis
from pipeline.patients.model import DateOrder as _DateOrder

_FILES = """\
CSV or XLSX; with its appointments file beside it, if that is another one; or FHIR files (NDJSON, Bundle),
or a folder of them."""
_BASIS = """\
On what ground you may email these patients: consent (they said yes), treatment (it is part of their care,
and they were told), marketing (a permission for advertising: counts for marketing series alone)."""
_WORDING = """\
Which version of your form or notice these patients saw, like 'intake-2026-01'. It is recorded with each
patient; --apply needs it."""
_SERIES = "Enroll in this series. Otherwise the rules of config.toml choose, or the only series approved."
_MAPPING = "Which column is what: a name below mappings/, or plain, webpt, cliniko, jane."
_NOW = "As if it were this moment (ISO; UTC unless it says an offset)."

Files: TypeAlias = Annotated[list[Path] | None, typer.Argument(help=_FILES, show_default=False)]
Ground: TypeAlias = Annotated[_Basis, typer.Option("--basis", help=_BASIS)]
Wording: TypeAlias = Annotated[str | None, typer.Option(help=_WORDING)]
Series: TypeAlias = Annotated[str | None, typer.Option(help=_SERIES)]
Mapping: TypeAlias = Annotated[str | None, typer.Option(help=_MAPPING)]
Order: TypeAlias = Annotated[
    _DateOrder | None, typer.Option("--date-order", help="How dates like 03/04/2026 are meant.")
]
Utc: TypeAlias = Annotated[bool, typer.Option("--utc", help="Times without an offset are UTC.")]
Encoding: TypeAlias = Annotated[
    str | None, typer.Option(help="Character encoding of text files; otherwise found out.")
]
Now: TypeAlias = Annotated[str | None, typer.Option(help=_NOW)]
Annotate: TypeAlias = Annotated[
    Path | None, typer.Option(help="Also write a copy (.csv or .xlsx) with what to mend beside each row.")
]
SaveMapping: TypeAlias = Annotated[
    str | None, typer.Option("--save-mapping", help="Keep what each column was taken for under this name.")
]
ShowMapping: TypeAlias = Annotated[
    bool, typer.Option("--show-mapping", help="Only show what each column is taken for.")
]
Example: TypeAlias = Annotated[
    bool, typer.Option("--example", help="Write an example list to FILE (or show it), and nothing else.")
]
Apply: TypeAlias = Annotated[bool, typer.Option("--apply", help="Keep it; otherwise nothing is changed.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
