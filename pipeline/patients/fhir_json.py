"""JSON files to single FHIR resources, each with its place: NDJSON, a Bundle, a list or one resource.

In charge of: JSON, and looking into it safely. Not in charge of: what a resource means (``fhir``).
Source: FHIR R4 (4.0.1), Bulk Data export (NDJSON) and Bundle.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pipeline.errors import Place, RosterError
from pipeline.patients.model import WHOLE_ROW, CellError, RosterFile

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its file, its line (NDJSON) or its number in the Bundle from 1, and its content."""

    file: str
    row: int
    body: Json = field(repr=False)
    #: How entries of a Bundle refer to it.
    full_url: str = ""

    @property
    def kind(self) -> str:
        """The resource type; "" where it says none."""
        return text_at(self.body, "resourceType")


def resources(file: RosterFile) -> Iterator[Resource | CellError]:
    """The resources of a file, in order; a line that is no JSON object is a CellError.

    Raises RosterError where the whole file is one JSON text and broken.
    """
    whole = _whole(file)
    if whole is None:
        yield from _lines(file)
        return
    for number, each in enumerate(_entries(whole), 1):
        resource = each.get("resource") if "resource" in each else each
        if isinstance(resource, dict):
            yield Resource(file.name, number, resource, text_at(each, "fullUrl"))
        else:
            yield CellError(row=number, column=WHOLE_ROW, message="is no resource", file=file.name)


def _whole(file: RosterFile) -> Any:  # noqa: ANN401 - any JSON value
    """The file as one JSON value; None where each line is one."""
    first, _, rest = file.data.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return _spread_out(file, rest)
    return None if rest.strip() else value


def _spread_out(file: RosterFile, rest: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """A file whose first line is no JSON by itself: one value over many lines, or a broken first line."""
    try:
        return json.loads(file.data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        if rest.startswith(b"{"):
            return None
        raise RosterError(
            f"The file is not valid JSON: {_why(error)}.",
            where=Place(file=file.name),
            mend="export it again; it may have been cut off",
        ) from error


def _entries(whole: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    if isinstance(whole, dict) and whole.get("resourceType") == "Bundle":
        return objects(whole.get("entry"))
    return objects(whole) if isinstance(whole, list) else [whole]


def _lines(file: RosterFile) -> Iterator[Resource | CellError]:
    for number, line in enumerate(io.BytesIO(file.data), 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        try:
            body = json.loads(text)
        except (ValueError, RecursionError) as error:
            why = f"is not valid JSON: {_why(error)}"
            yield CellError(row=number, column=WHOLE_ROW, message=why, file=file.name)
            continue
        if isinstance(body, dict):
            yield Resource(file.name, number, body)
        else:
            yield CellError(row=number, column=WHOLE_ROW, message="is no JSON object", file=file.name)


def _why(error: Exception) -> str:
    """The reason without the content: it may name a patient."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it is not UTF-8 text"


def objects(value: object) -> list[Any]:
    """The JSON objects in a list; of anything else, none: exports are looked into, not validated."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def object_at(body: Json, key: str) -> Json:
    """The object under ``key``; an empty one where there is none."""
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def text_at(body: Json, key: str) -> str:
    """The text under ``key``; "" where there is none."""
    value = body.get(key)
    return value if isinstance(value, str) else ""


def concept_texts(value: object) -> list[str]:
    """Everything a CodeableConcept (or a list of them) says: texts, displays and codes."""
    concepts = [value] if isinstance(value, dict) else objects(value)
    found: list[str] = []
    for concept in concepts:
        codings = objects(concept.get("coding"))
        found += [text_at(concept, "text")]
        found += [text_at(coding, key) for coding in codings for key in ("display", "code")]
    return [each for each in found if each]
