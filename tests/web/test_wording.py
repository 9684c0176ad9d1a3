"""The words of patients' pages: all translated in the bundled catalog, never missing in a clinic's own."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.app.files import BUNDLED
from pipeline.keys import TokenPurpose
from pipeline.rendering.loader import TemplateSource
from pipeline.web import questions
from pipeline.web.wording import wording_in
from tests.app.sample_clinic import open_copy
from tests.web.conftest import OpenSite

TEMPLATES = BUNDLED / "templates"


def said_in_python() -> set[str]:
    """Every text in ``questions``: single ones and the fields of each question."""
    found = [value for name, value in vars(questions).items() if not name.startswith("_")]
    single = {value for value in found if isinstance(value, str)} | set(questions.BREAKS.values())
    asked = [value for value in found if isinstance(value, (questions.Question, questions.Choice))]
    return single | {getattr(each, field.name) for each in asked for field in fields(each)} - {""}


def said_in_templates() -> set[str]:
    pages = sorted((TEMPLATES / "pages").glob("*.html"))
    return {text for page in pages for text in re.findall(r'_\("([^"]+)"\)', page.read_text("utf-8"))}


@pytest.mark.parametrize("text", sorted(said_in_python() | said_in_templates()))
def test_every_text_of_a_patients_page_has_its_spanish_words(text: str) -> None:
    catalog = TemplateSource((TEMPLATES,)).catalogs()["es"]

    assert catalog.messages[text][0] not in {"", text}


def test_the_texts_are_found_at_all() -> None:
    assert len(said_in_python()) > 20
    assert "Questions? Call us:" in said_in_templates()


def test_no_text_is_kept_that_no_page_says_any_more() -> None:
    catalog = (TEMPLATES / "locale" / "es.po").read_text("utf-8")
    pages = catalog.partition("# Patients' pages.")[2]

    assert set(re.findall(r'^msgid "(.*)"$', pages, re.MULTILINE)) <= said_in_python() | said_in_templates()


def test_values_are_filled_in_and_a_translation_that_names_them_wrongly_gives_way(tmp_path) -> None:
    entry = 'msgid ""\nmsgstr ""\n\nmsgid "Until %(day)s."\nmsgstr "Jusqu\'au %(jour)s, 100 %."\n'
    words = wording_in("fr", TemplateSource((folder_with(tmp_path, "fr", entry), TEMPLATES)).catalogs())

    assert words("Until %(day)s.", day="<b>5 %(x)s") == "Until <b>5 %(x)s."


def folder_with(tmp_path: Path, locale: str, text: str) -> Path:
    (tmp_path / "own" / "locale").mkdir(parents=True)
    (tmp_path / "own" / "locale" / f"{locale}.po").write_text(text, encoding="utf-8")
    return tmp_path / "own"


def test_a_gap_in_a_clinics_own_catalog_is_filled_with_english(tmp_path) -> None:
    own = folder_with(tmp_path, "fr", 'msgid ""\nmsgstr ""\n\nmsgid "Your emails"\nmsgstr "Vos courriels"\n')
    words = wording_in("fr-FR", TemplateSource((own, TEMPLATES)).catalogs())

    assert words("Your emails") == "Vos courriels"
    assert words("Stop this series") == "Stop this series"
    assert words.language == "fr-FR"
    assert words.day(datetime(2026, 7, 14, 20, tzinfo=UTC), "Europe/Paris") == "mardi 14 juillet 2026"


@pytest.mark.parametrize("language", ["fr-FR", "xx-XX", "zz"])
def test_a_language_without_a_catalog_is_english_and_says_so(language: str) -> None:
    words = wording_in(language, TemplateSource((TEMPLATES,)).catalogs())

    assert (words.language, words.direction, words("Your emails")) == ("en", "ltr", "Your emails")


def test_right_to_left_is_known_from_the_language(tmp_path) -> None:
    own = folder_with(tmp_path, "ar", 'msgid ""\nmsgstr ""\n\nmsgid "Your emails"\nmsgstr "رسائلك"\n')

    assert wording_in("ar", TemplateSource((own, TEMPLATES)).catalogs()).direction == "rtl"


@pytest.mark.parametrize(
    ("language", "tag", "words"),
    [("es-US", "es-US", "¿Dejar de recibir estos correos?"), ("xx-XX", "en", "Stop these emails?")],
)
def test_a_page_is_served_in_the_language_of_the_series(
    open_site: OpenSite, prepared, tmp_path, language, tag, words
) -> None:
    from sqlalchemy import update

    from pipeline.store.schema import editions

    with open_copy(prepared, tmp_path / "clinic") as clinic:
        with clinic.store.begin() as tx:
            tx.connection.execute(update(editions).values(language=language))
        site = open_site(clinic)
        answer = site.public.get(site.link(TokenPurpose.UNSUBSCRIBE))
        stopped = site.public.post(site.link(TokenPurpose.UNSUBSCRIBE))

    assert answer.status_code == stopped.status_code == 200
    assert f'<html lang="{tag}"' in answer.text
    assert words in answer.text


def test_a_clinics_own_broken_page_never_stands_between_a_patient_and_the_answer(
    open_site: OpenSite, prepared, tmp_path, caplog
) -> None:
    own = tmp_path / "own"
    (own / "pages").mkdir(parents=True)
    (own / "pages" / "answer.html").write_text("{{ no_such_thing }}", encoding="utf-8")
    (own / "pages" / "confirm.html").write_text("{% if %}", encoding="utf-8")
    with open_copy(prepared, tmp_path / "clinic") as clinic:
        site = open_site(clinic, (own, TEMPLATES))
        asked = site.public.get(site.link(TokenPurpose.UNSUBSCRIBE))
        done = site.public.post(site.link(TokenPurpose.UNSUBSCRIBE))

    assert (asked.status_code, done.status_code) == (200, 200)
    assert "Yes, stop all emails" in asked.text
    assert "You will get no more emails" in done.text
    assert "answer.html" in caplog.text
    assert "no_such_thing" in caplog.text


def test_a_clinics_own_page_is_used_and_cannot_reach_into_python(
    open_site: OpenSite, prepared, tmp_path
) -> None:
    own = tmp_path / "own"
    (own / "pages").mkdir(parents=True)
    (own / "pages" / "answer.html").write_text("<p>Our own: {{ heading }}</p>", encoding="utf-8")
    (own / "pages" / "confirm.html").write_text("{{ ''.__class__.__mro__ }}", encoding="utf-8")
    with open_copy(prepared, tmp_path / "clinic") as clinic:
        site = open_site(clinic, (own, TEMPLATES))
        assert "Our own: We will call you" in site.public.post(site.link(TokenPurpose.CALL_ME)).text
        assert "class" not in re.sub(
            r'class="[\w-]+"', "", site.public.get(site.link(TokenPurpose.NOT_ME)).text
        )
