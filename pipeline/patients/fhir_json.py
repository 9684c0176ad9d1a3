"""JSON files to single FHIR resources, each with its place: NDJSON, a Bundle, a list or one resource.

In charge of: JSON, looking into it safely, and whom a Reference names. Not in charge of: what a resource
means (``fhir``).
Source: FHIR R4 (4.0.1), Bulk Data export (NDJSON) and Bundle.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias

from pipeline.errors import Place, RosterError
from pipeline.patients.model import WHOLE_ROW, CellError, RosterFile

Json: TypeAlias = Mapping[str, Any]

#: One JSON text larger than this would fill the machine's memory when read.
_MOST_WHOLE = 200_000_000
#: No resource with patients, visits or consents comes near it.
_LONGEST_LINE = 20_000_000


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

    NDJSON is read line by line, so that a file of any size needs little memory. Raises RosterError where the
    whole file is one JSON text and broken, or too large for one.
    """
    if _is_lines(file):
        yield from _lines(file)
        return
    for number, each in enumerate(_entries(_whole(file)), 1):
        resource = each.get("resource") if "resource" in each else each
        if isinstance(resource, dict):
            yield Resource(file.name, number, resource, text_at(each, "fullUrl"))
        else:
            yield CellError(row=number, column=WHOLE_ROW, message="is no resource", file=file.name)


def _is_lines(file: RosterFile) -> bool:
    """Whether each line is a JSON text of its own: the first is, or the first two both begin as one."""
    with file.open() as stream:
        numbered = _numbered(stream)
        lines = (line for _, line in numbered if line)
        first, second = next(lines, b""), next(lines, b"")
    if not second:
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return first[:1] == second[:1] == b"{"
    return True


def _whole(file: RosterFile) -> Any:  # noqa: ANN401 - any JSON value
    """The file as one JSON value."""
    with file.open() as stream:
        data = stream.read(_MOST_WHOLE + 1)
    if len(data) > _MOST_WHOLE:
        raise RosterError(
            f"The file is one JSON text of more than {_MOST_WHOLE // 1_000_000} MB.",
            where=Place(file=file.name),
            mend="export it as NDJSON, one resource per line: that is read in any size",
        )
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
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
    with file.open() as stream:
        for number, text in _numbered(stream):
            if text:
                yield _line(file.name, number, text)


def _line(name: str, number: int, text: bytes) -> Resource | CellError:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "is longer than a resource can be" if len(text) > _LONGEST_LINE else "is not valid JSON"
        return CellError(row=number, column=WHOLE_ROW, message=f"{what}: {_why(error)}", file=name)
    if isinstance(body, dict):
        return Resource(name, number, body)
    return CellError(row=number, column=WHOLE_ROW, message="is no JSON object", file=name)


def _numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line with its number, without the blanks around it; of an endless one only the beginning."""
    number = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        rest = line
        while len(rest) > _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(_LONGEST_LINE + 1)
        yield number, line.removeprefix(b"\xef\xbb\xbf").strip()


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


def identifier_of(value: Json) -> str:
    """An Identifier as ``system|value``; "" where it lacks one: a number alone names nobody for sure."""
    system, number = text_at(value, "system"), text_at(value, "value")
    return f"{system}|{number}" if system and number else ""


def reference_of(value: Json, within: Json) -> str:
    """The patient that a Reference names: the id in ``Patient/…`` (also of a URL), or a whole ``urn:uuid:…``.

    A patient who stands inside the resource ``within`` (``#…``), or is named by an identifier alone, is
    ``system|value`` of that identifier. "" for a reference to anyone else.
    """
    reference = text_at(value, "reference")
    if reference.startswith("urn:"):
        return reference
    if reference.startswith("#"):
        inside = (each for each in objects(within.get("contained")) if f"#{text_at(each, 'id')}" == reference)
        people = [each for each in inside if text_at(each, "resourceType") == "Patient"]
        known = (identifier_of(each) for person in people for each in objects(person.get("identifier")))
        return next(filter(None, known), "")
    if not reference:
        is_patient = text_at(value, "type") in {"", "Patient"}
        return identifier_of(object_at(value, "identifier")) if is_patient else ""
    named = re.search(r"(?:^|/)Patient/([^/]+)", reference)
    return named[1] if named else ""
