"""A .docx file as a zip of parts, opened without trusting it.

In charge of: bounds before anything is inflated, parsing parts, relations between them. Not in charge of:
what the parts say. Source: ECMA-376 part 2 (Open Packaging Conventions).
"""

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from lxml import etree

from pipeline.errors import ArticleError, Place

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_MAIN = "officeDocument"
#: What the library raises for archives that are cut off, encrypted, or lie about their sizes.
_ZIP_PROBLEMS = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    OSError,
    NotImplementedError,
    EOFError,
    RuntimeError,
    KeyError,
)
#: Bytes after inflating; the text of a long book takes less than a tenth of the first.
_LARGEST_PART = 20 * 1024 * 1024
_LARGEST_TOTAL = 100 * 1024 * 1024
_MOST_PARTS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Where a relation id of one part leads."""

    target: str
    #: An address outside the file, for example of a link.
    external: bool


class Package:
    """An opened .docx; parts are inflated when they are asked for."""

    def __init__(self, data: bytes, *, name: str) -> None:
        self.name = name
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
            entries = self.archive.infolist()
        except _ZIP_PROBLEMS as problem:
            raise self.broken("It is no zip archive, or it was cut off.") from problem
        self.sizes = {entry.filename: entry.file_size for entry in entries}
        too_large = sum(self.sizes.values()) > _LARGEST_TOTAL or len(entries) > _MOST_PARTS
        if too_large or any(entry.flag_bits & 1 for entry in entries):
            raise self.broken("It is encrypted, or it would inflate to more than 100 MB.")

    def broken(self, why: str) -> ArticleError:
        """The error for a file that cannot be read as Word's."""
        return ArticleError(
            f"The Word document cannot be read. {why}",
            where=Place(file=self.name),
            mend="open it in Word and save it again as .docx, or save its text as .txt",
        )

    def part(self, path: str) -> bytes | None:
        """A part's bytes; None where there is no such part."""
        if path not in self.sizes:
            return None
        if self.sizes[path] > _LARGEST_PART:
            raise self.broken(f"Its part {path!r} would inflate to more than 20 MB.")
        try:
            return self.archive.read(path)
        except _ZIP_PROBLEMS as problem:
            raise self.broken(f"Its part {path!r} is damaged.") from problem

    def xml(self, path: str) -> etree._Element | None:
        """A part's tree; entities are not expanded, nothing is fetched."""
        data = self.part(path)
        if data is None:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        try:
            return etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as problem:
            raise self.broken(f"Its part {path!r} is no valid XML.") from problem

    def main_part(self) -> str:
        """Path of the document's text."""
        for relation in self._typed_relations(""):
            if relation[0].endswith(_MAIN):
                return relation[1].lstrip("/")
        return "word/document.xml"

    def relations(self, path: str) -> dict[str, Relation]:
        """Relations of one part by id; inner targets are paths inside the archive."""
        folder = PurePosixPath(path).parent
        tree = self.xml(str(folder / "_rels" / f"{PurePosixPath(path).name}.rels"))
        found: dict[str, Relation] = {}
        for one in tree.iter(_RELATION) if tree is not None else ():
            target, external = one.get("Target") or "", one.get("TargetMode") == "External"
            inner = target.lstrip("/") if target.startswith("/") else str(folder / target)
            found[one.get("Id") or ""] = Relation(target=target if external else inner, external=external)
        return found

    def _typed_relations(self, folder: str) -> list[tuple[str, str]]:
        tree = self.xml(f"{folder}_rels/.rels")
        if tree is None:
            return []
        return [(one.get("Type") or "", one.get("Target") or "") for one in tree.iter(_RELATION)]
