from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.article.model import BlockKind, Picture
from pipeline.errors import ConfigError
from pipeline.rendering import client_support as client_support_module
from pipeline.rendering.check_clients import FAMILIES, families_from
from pipeline.rendering.check_series import check_series
from pipeline.rendering.checks import check_edition
from pipeline.rendering.client_support import client_support, slimmed
from pipeline.rendering.colours import palette
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.model import Edition, Finding, Severity, Skeleton
from pipeline.sections.clinic import Brand
from pipeline.series.model import Purpose

#: The colour of words by night.
NIGHT = palette(Brand().colour)["dark-ink"]


def none(text: str) -> tuple[str, ...]:
    return ()


@pytest.fixture(scope="module")
def check(series, frame) -> Callable[..., tuple[Finding, ...]]:
    def run(edition: Edition, **changes) -> tuple[Finding, ...]:
        return check_edition(edition, **{"series": series, "frame": frame, "revealing": none, **changes})

    return run


@pytest.fixture(scope="module")
def broken(edition) -> Callable[..., Edition]:
    """The edition with one part's HTML or text changed after compiling."""

    def change(old: str, new: str, body: str = "html", part: int = 2) -> Edition:
        parts = list(edition.parts)
        skeleton: Skeleton = getattr(parts[part - 1], body)
        literals = tuple(literal.replace(old, new) for literal in skeleton.literals)
        assert literals != skeleton.literals, f"{old!r} is not there"
        parts[part - 1] = replace(parts[part - 1], **{body: replace(skeleton, literals=literals)})
        return replace(edition, parts=tuple(parts))

    return change


def test_the_bundled_design_has_nothing_to_find(check, edition) -> None:
    assert check(edition) == ()


@pytest.mark.parametrize("language", ["en-US", "es-US"])
@pytest.mark.parametrize("colour", ["#1f6f6b", "#000000", "#b5179e", "#d35400", "#2b6cb0"])
def test_no_language_and_no_brand_colour_brings_a_finding(
    series, make_frame, templates, language: str, colour: str
) -> None:
    frame = make_frame()
    frame = replace(frame, brand=frame.brand.model_copy(update={"colour": colour}))
    edition = compile_edition(replace(series, language=language), frame, templates)
    assert check_edition(edition, series, frame, revealing=none) == ()


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("lang-missing", '<html lang="en-US"', "<html"),
        ("dir-missing", '<html lang="en-US" dir="ltr"', '<html lang="en-US"'),
        ("lang-wrapper", '<div lang="en-US"', "<div"),
        ("title-missing", "<title>Why it can hurt at first</title>", ""),
        ("one-h1", "<h1 ", "<h2 "),
        ("one-h1", "<h2 ", "<h1 "),
        ("heading-order", "<h2 ", "<h4 "),
        ("alt-missing", ' alt="A person walks"', ""),
        ("alt-empty", 'alt="A person walks"', 'alt=""'),
        ("picture-size", 'width="536"', 'width="100%"'),
        ("table-role", 'role="presentation" class="next"', 'class="next"'),
        ("table-attributes", ' cellpadding="0"', ""),
        ("link-empty", ">how soreness works<", "><"),
        ("link-text", ">how soreness works<", ">Click here.<"),
        ("link-insecure", "https://www.example.org", "http://www.example.org"),
        ("third-party", "cid:", "https://tracker.example/"),
        ("contrast-light", "color:#23292e", "color:#9aa4ab"),
        ("contrast-light", "background-color:#1f6f6b", "background-color:#9fd0cc"),
        ("contrast-dark", f"{{ color: {NIGHT} !important }}", "{ color: #444444 !important }"),
        ("leftover", "Rest between sets", "Rest between {{ sets }}"),
        ("leftover", "Rest between sets", "Rest, {name}"),
        ("parity-links", "https://www.example.org/soreness", "https://www.example.org/other"),
        ("promotional", "Rest between sets", "Now 20% off: book now"),
        ("size", "Rest between sets", "word " * 21_000),
        ("styles-size", "@media print {", "@media print { " + ".x { color: #000000 }\n" * 900),
    ],
)
def test_each_fault_is_found_with_its_part(check, broken, code: str, old: str, new: str) -> None:
    found = [finding for finding in check(broken(old, new)) if finding.code == code]
    assert found
    assert all(finding.part == 2 for finding in found)
    assert all(finding.message and finding.mend for finding in found)


@pytest.mark.parametrize(
    ("style", "feature"),
    [
        ("display:flex", "display-flex"),
        ("color:var(--x)", "variables"),
        ("width:calc(1px + 2px)", "unit-calc"),
        ("background:linear-gradient(#ffffff, #eeeeee)", "linear-gradient"),
        ("width:10rem", "unit-rem"),
        ("opacity:0.5", "opacity"),
    ],
)
def test_what_a_mail_program_does_not_show_is_found_with_its_name(
    check, broken, style: str, feature: str
) -> None:
    found = check(broken("<h1 style='", f"<h1 style='{style};"))
    (finding,) = [one for one in found if one.code == "client-support"]
    assert finding.message.startswith(f"{feature} is not shown by ")
    assert finding.place == "<h1> Why it can hurt at first"


def test_only_the_named_families_of_clients_count(check, broken) -> None:
    edition = broken("<h1 style='", "<h1 style='display:flex;")
    (everywhere,) = check(edition)
    assert "outlook.windows" in everywhere.message
    elsewhere = check(edition, families=("gmail", "yahoo"))
    assert not any("outlook" in finding.message for finding in elsewhere)


def test_old_data_about_mail_programs_is_said(check, edition) -> None:
    dated = client_support().dated
    assert check(edition, today=dated + timedelta(days=300)) == ()
    (finding,) = check(edition, today=dated + timedelta(days=900))
    assert finding.code == "client-data-old"


def test_the_data_about_mail_programs_comes_from_the_latest_word_on_each() -> None:
    stats = {"gmail": {"ios": {"2019-01": "n", "2024-01": "y #1"}}, "outlook": {"windows": {"2019": "n #2"}}}
    source = {
        "last_update_date": "2026-05-13 14:45:41 +0000",
        "data": [{"slug": "css-gap", "stats": stats}, {"slug": "amp", "stats": stats}],
    }
    assert slimmed(source) == {
        "dated": "2026-05-13",
        "clients": ["outlook.windows"],
        "missing": {"css-gap": [0]},
    }


def test_a_text_that_says_something_else_is_found(check, broken) -> None:
    found = check(broken("Breathe", "zebra xylophone quartz sphinx " * 30, body="text"))
    assert "parity-words" not in [finding.code for finding in found], "the same few words are no difference"
    other = " ".join(f"{first}{second}lorem" for first in "abcdefghij" for second in "klmnopqrst")
    found = check(broken("Breathe", other, body="text"))
    assert "parity-words" in [finding.code for finding in found]


def test_the_size_warns_before_it_fails(check, broken) -> None:
    (warning,) = [f for f in check(broken("Rest between sets", "a word " * 8_500)) if f.code == "size"]
    (error,) = [f for f in check(broken("Rest between sets", "a word " * 15_000)) if f.code == "size"]
    assert (warning.severity, error.severity) == (Severity.WARNING, Severity.ERROR)


def test_an_unsubscribe_link_that_is_gone_is_found_in_both_bodies(check, edition) -> None:
    part = edition.parts[0]
    without = replace(
        part,
        html=Skeleton(literals=("".join(part.html.literals),), slots=()),
        text=Skeleton(literals=("".join(part.text.literals),), slots=()),
    )
    codes = [f.code for f in check(replace(edition, parts=(without, *edition.parts[1:])))]
    assert codes.count("unsubscribe") == 2


def test_words_that_tell_about_health_are_found_in_subject_and_preview_line(check, edition, series) -> None:
    def revealing(text: str) -> list[str]:
        return [word for word in ("soreness", "minutes") if word in text]

    told = replace(edition, parts=tuple(replace(part, subject="Your soreness") for part in edition.parts))
    codes = {finding.code for finding in check(told, revealing=revealing)}
    assert {"reveals-subject", "reveals-preview"} <= codes


def test_subjects_that_are_empty_or_too_long_are_found(check, edition) -> None:
    first, second, third = edition.parts
    changed = replace(edition, parts=(replace(first, subject=""), replace(second, subject="x" * 61), third))
    found = {finding.code: finding for finding in check(changed)}
    assert found["subject-empty"].severity is Severity.ERROR
    assert found["subject-length"].part == 2


def test_a_marketing_series_may_sell(check, broken) -> None:
    selling = broken("Rest between sets", "Book now")
    codes = {finding.code for finding in check(replace(selling, purpose=Purpose.MARKETING))}
    assert "promotional" not in codes


def test_a_sample_safety_text_and_plain_http_are_said(check, edition, frame) -> None:
    sample = replace(frame.safety["en-US"], approved_by=" ")
    bare = replace(frame, safety={"en-US": sample}, public_url="http://127.0.0.1:8621")
    found = {finding.code: finding for finding in check(edition, frame=bare)}
    assert found["safety-sample"].severity is Severity.WARNING
    assert found["links-insecure"].severity is Severity.ADVICE


def test_hours_in_another_language_are_said(series, frame, templates) -> None:
    clinic = frame.clinic.model_copy(update={"phone_hours": "mornings"})
    frame = replace(frame, clinic=clinic)
    edition = compile_edition(replace(series, language="es-US"), frame, templates)
    (finding,) = check_edition(edition, series, frame, revealing=none)
    assert (finding.code, finding.place) == ("setting-language", "config.toml, clinic.phone_hours")


@pytest.mark.parametrize("data", [None, b"<svg/>"])
def test_a_picture_that_cannot_be_shown_is_said(check, edition, make_series, blocks, data) -> None:
    blocks.add(BlockKind.PICTURE, picture=Picture(source="back.svg", alt="A back", data=data))
    (finding,) = check(edition, series=make_series(tuple(blocks.made)))
    assert (finding.code, finding.part, finding.place) == ("picture-missing", 1, "back.svg")


def test_the_worst_comes_first(check, broken) -> None:
    both = broken("<h1 ", '<a href="https://www.example.org/soreness?a=1&amp;b=2">here</a><h2 ')
    severities = [finding.severity for finding in check(both)]
    assert len(set(severities)) > 1
    assert severities == sorted(severities, key=list(Severity).index)


def test_a_language_without_a_list_of_health_words_is_said(series) -> None:
    (finding,) = check_series(replace(series, language="tlh"))
    assert finding.code == "reveals-unchecked"


def test_a_reason_in_the_series_file_makes_revealing_words_advice_and_shows_the_reason(
    check, edition, series
) -> None:
    def all_words(text: str) -> tuple[str, ...]:
        return (text,)

    first = replace(series.parts[0], reveals_ok="patients asked for it")
    excused = replace(series, parts=(first, *series.parts[1:]))
    found = [
        finding
        for finding in check(edition, series=excused, revealing=all_words)
        if finding.code == "reveals-subject"
    ]
    assert {finding.part for finding in found if finding.severity is Severity.ADVICE} == {1}
    assert "patients asked for it" in next(finding.message for finding in found if finding.part == 1)
    assert len(found) == len(edition.parts)


@pytest.mark.parametrize(
    ("named", "near"), [("gmial", "gmail"), ("Outlook", "outlook"), ("apple mail", "apple-mail")]
)
def test_a_family_of_mail_programs_that_nobody_knows_is_refused_with_its_nearest_neighbour(
    named: str, near: str
) -> None:
    with pytest.raises(ConfigError) as error:
        families_from(("gmail", named), file="clinic.toml")
    assert (error.value.where.file, error.value.where.key) == ("clinic.toml", "checks.mail_clients")
    assert error.value.mend == f'did you mean "{near}"?'


def test_a_name_like_no_family_gets_the_list() -> None:
    with pytest.raises(ConfigError, match="zzz") as error:
        families_from(("zzz",), file="config.toml")
    assert all(family in error.value.mend for family in FAMILIES)


def test_named_families_count_and_none_named_means_the_usual_ones() -> None:
    assert families_from(("protonmail", "gmail"), file="config.toml") == ("protonmail", "gmail")
    assert families_from((), file="config.toml") == FAMILIES


def test_the_licence_of_the_data_about_mail_programs_stands_beside_it() -> None:
    licence = Path(client_support_module.__file__).with_name("client_support.LICENSE").read_text("utf-8")
    assert "MIT" in licence
    assert "caniemail" in licence.casefold()
