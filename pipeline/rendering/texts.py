"""The frame's own words ("Part 2 of 5", "Unsubscribe") in each language, from gettext catalogs.

In charge of: reading ``templates/locale/<language>.po``, looking a text up, and refusing a gap. Not in
charge of: the article's language, or where a text stands (``templates/email``).

English texts stand in the templates themselves, so English needs no catalog; ``en.po`` may reword them.
"""

import gettext
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from babel import Locale, UnknownLocaleError
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from pipeline.errors import Place, TemplateError

_ENGLISH_PLURAL = "n != 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The frame texts of one language. Picklable, so that it can go to the template process."""

    #: BCP 47 tag of the series that is rendered, for example ``es-US``.
    language: str
    #: Source text to its translations: one, or one per plural form.
    messages: Mapping[str, tuple[str, ...]]
    #: Gettext's plural rule, a C expression in ``n``.
    plural: str = _ENGLISH_PLURAL
    #: File to name when a text is missing; None for English, which needs none.
    file: str | None = None

    def gettext(self, text: str) -> str:
        """The translation of ``text``; TemplateError where the catalog has none."""
        return self._forms(text, text)[0]

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The plural form of ``one``/``many`` for ``number``; TemplateError where there is none."""
        forms = self._forms(one, one, many)
        rule = gettext.c2py(self.plural)
        return forms[min(rule(number), len(forms) - 1)]

    def own(self, text: str) -> str:
        """A setting of the clinic (its hours) in this language, where its catalog has it; else as it is."""
        return self.messages.get(text, (text,))[0] or text

    def number(self, value: float) -> str:
        """``value`` as this language writes numbers."""
        return str(format_decimal(value, locale=locale_of(self.language)))

    @property
    def right_to_left(self) -> bool:
        """Whether this language runs right to left."""
        return locale_of(self.language).text_direction == "rtl"

    def _forms(self, text: str, *source: str) -> tuple[str, ...]:
        forms = self.messages.get(text, ())
        if forms and all(forms):
            return forms
        if self.file is None:
            return source
        raise TemplateError(
            f"The frame text {text!r} is not translated for {self.language!r}.",
            where=Place(file=self.file),
            mend=f'add msgid "{text}" with its msgstr there',
        )


def locale_of(language: str) -> Locale:
    """Babel's locale of a BCP 47 tag. Raises TemplateError for a language nobody knows."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise TemplateError(
            f"{language!r} is not a language tag.", mend="write one like 'en-US' or 'es-US'"
        ) from error


def read_catalog(text: str, *, language: str, name: str) -> Catalog:
    """One ``.po`` file; ``name`` is its path for messages. Raises TemplateError with file and line."""
    try:
        parsed = read_po(io.StringIO(text), locale=language.replace("-", "_"), abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise TemplateError(
            f"The catalog of frame texts cannot be read: {error}",
            where=Place(file=name, line=error.lineno + 1 if isinstance(error, PoFileError) else None),
            mend="keep gettext's form: pairs of msgid and msgstr",
        ) from error
    messages: dict[str, tuple[str, ...]] = {}
    for message in parsed:
        source = message.id if isinstance(message.id, str) else message.id[0]
        if not source or message.fuzzy:
            continue
        forms = (message.string,) if isinstance(message.string, str) else message.string or ()
        messages[source] = tuple(str(form) for form in forms)
    plural = str(parsed.plural_expr)
    return Catalog(language=language, messages=messages, plural=plural, file=name)


def merged(catalogs: Iterable[Catalog]) -> Mapping[str, Catalog]:
    """Catalogs by language; of two for one language the later one's texts win, text by text."""
    by_language: dict[str, Catalog] = {}
    for catalog in catalogs:
        below = by_language.get(catalog.language)
        if below is not None:
            together = {**below.messages, **catalog.messages}
            catalog = replace(catalog, messages=together)  # noqa: PLW2901 - the same catalog, completed
        by_language[catalog.language] = catalog
    return by_language


def catalog_for(language: str, catalogs: Mapping[str, Catalog]) -> Catalog:
    """The frame texts of ``language`` (``es-US``), else of its base language (``es``).

    Raises TemplateError where there are none: a patient gets no frame in a language of chance.
    """
    base = language.split("-", maxsplit=1)[0]
    for tag in (language, base):
        if tag in catalogs:
            found = catalogs[tag]
            return replace(found, language=language, file=None if base == "en" else found.file)
    if base == "en":
        return Catalog(language=language, messages={})
    raise TemplateError(
        f"There are no frame texts for the language {language!r}.",
        where=Place(file=f"templates/locale/{base}.po"),
        mend=f"copy templates/locale/es.po to templates/locale/{base}.po and translate it, "
        "or change the language in series.toml",
    )
