import re

import pytest

from pipeline.errors import TemplateError
from pipeline.rendering.loader import TemplateSource
from pipeline.rendering.texts import catalog_for, merged, read_catalog

PO = """
msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Next time"
msgstr "Nächstes Mal"

msgid "%(num)s day"
msgid_plural "%(num)s days"
msgstr[0] "%(num)s Tag"
msgstr[1] "%(num)s Tage"

msgid "Open"
msgstr ""
"""


def test_a_text_and_its_plural_forms_come_from_the_catalog() -> None:
    catalog = read_catalog(PO, language="de", name="de.po")
    assert catalog.gettext("Next time") == "Nächstes Mal"
    assert catalog.ngettext("%(num)s day", "%(num)s days", 1) == "%(num)s Tag"
    assert catalog.ngettext("%(num)s day", "%(num)s days", 3) == "%(num)s Tage"
    assert catalog.number(1234.5) == "1.234,5"


@pytest.mark.parametrize("text", ["Open", "Never heard of"])
def test_a_text_without_a_translation_is_an_error_that_names_the_catalog(text: str) -> None:
    with pytest.raises(TemplateError) as error:
        read_catalog(PO, language="de", name="de.po").gettext(text)
    assert error.value.where.file == "de.po"
    assert f'msgid "{text}"' in error.value.mend


def test_a_setting_of_the_clinic_is_translated_where_the_catalog_has_it_and_else_stays() -> None:
    catalog = read_catalog(PO, language="de", name="de.po")
    assert catalog.own("Next time") == "Nächstes Mal"
    assert catalog.own("9 to 5") == "9 to 5"


def test_english_needs_no_catalog_and_can_be_reworded() -> None:
    assert catalog_for("en-GB", {}).gettext("Next time") == "Next time"
    assert catalog_for("en-US", {}).ngettext("%(num)s day", "%(num)s days", 2) == "%(num)s days"
    own = read_catalog('msgid "Next time"\nmsgstr "Coming up"\n', language="en", name="en.po")
    reworded = catalog_for("en-US", merged([own]))
    assert reworded.gettext("Next time") == "Coming up"
    assert reworded.gettext("Unsubscribe from these emails") == "Unsubscribe from these emails"


def test_a_clinics_texts_lie_over_the_bundled_ones_text_by_text() -> None:
    bundled = read_catalog('msgid "a"\nmsgstr "A"\n\nmsgid "b"\nmsgstr "B"\n', language="de", name="x")
    own = read_catalog('msgid "b"\nmsgstr "own"\n', language="de", name="y")
    catalog = merged([bundled, own])["de"]
    assert (catalog.gettext("a"), catalog.gettext("b")) == ("A", "own")


def test_a_language_without_frame_texts_is_refused_instead_of_falling_back() -> None:
    with pytest.raises(TemplateError, match="fr-FR") as error:
        catalog_for("fr-FR", {})
    assert error.value.where.file == "templates/locale/fr.po"


@pytest.mark.parametrize("broken", ["no keyword", '"loose"', 'msgid "a"\nmsgstr[x] "b"\n'])
def test_a_broken_catalog_names_its_file(broken: str) -> None:
    with pytest.raises(TemplateError) as error:
        read_catalog(broken, language="de", name="locale/de.po")
    assert error.value.where.file == "locale/de.po"


def test_an_unknown_language_tag_is_refused() -> None:
    with pytest.raises(TemplateError, match="xx-nope"):
        _ = catalog_for("en", {}).__class__(language="xx-nope", messages={}).right_to_left


def test_every_text_of_the_bundled_templates_is_in_the_spanish_catalog(templates: TemplateSource) -> None:
    source = "".join(path.read_text("utf-8") for path in (templates.folders[0] / "email").iterdir())
    used = set(re.findall(r'_\("([^"]+)"', source)) | set(re.findall(r'ngettext\("([^"]+)"', source))
    assert used <= set(templates.catalogs()["es"].messages)
    assert len(used) > 15
