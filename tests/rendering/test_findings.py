"""Findings say why they matter and where they stand, both in the page and in the article."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.article.reading import read_article
from pipeline.rendering import findings
from pipeline.rendering.checks import check_edition
from pipeline.rendering.colours import palette
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.findings import CODES, finding
from pipeline.rendering.model import Edition, Finding, Severity, Skeleton
from pipeline.rendering.page import pages, squeezed
from pipeline.sections.clinic import Brand
from pipeline.series.drafting import draft_series
from pipeline.series.model import Purpose, Series

RENDERING = Path(findings.__file__).parent
#: Codes about the message or the series as a whole: no one element is at fault.
WITHOUT_ELEMENT = {
    "client-data-old", "size", "styles-size", "pictures-size", "subject-empty", "subject-length",
    "parity-words", "unsubscribe", "spam-score", "reveals-subject", "reveals-unchecked", "grade",
    "setting-language", "safety-sample", "links-insecure",
}  # fmt: skip

ARTICLE = """# A title

Muscles that rested for long now **work again**, and that can make you sore & stiff for a day or two in a row.

## What helps

- Keep moving, a little every hour
- Ask about DOMS, see [here](http://www.example.org/doms)

| Day | What you may feel |
|---|---|
| 1 | Sore, and that is all that there is to be said about this very first of all your days with us here now |

![A person walks](walk.svg)

You may read this: that a sentence with so many words as this one has is hard to follow in pain or on a phone.
"""


def nothing(text: str) -> tuple[str, ...]:
    return ()


def codes_named_in(path: Path) -> set[str]:
    """First arguments of every ``finding(…)`` call; {…} in an f-string stands for letters."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "finding":
            pieces = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]
            pattern = "".join(
                re.escape(piece.value) if isinstance(piece, ast.Constant) else "[a-z]+" for piece in pieces
            )
            found |= {code for code in CODES if re.fullmatch(pattern, code)} or {pattern}
    return found


@pytest.fixture(scope="module")
def series() -> Series:
    article = read_article(ARTICLE.encode(), name="article.md")
    return draft_series(
        article, name="s", language="en-US", purpose=Purpose.TREATMENT, words_per_minute=200,
        words_per_part=250, days=(1,), parts=1,
    ).series  # fmt: skip


@pytest.fixture(scope="module")
def edition(series, frame, templates) -> Edition:
    return compile_edition(series, frame, templates)


@pytest.fixture(scope="module")
def check(series, frame) -> Callable[..., tuple[Finding, ...]]:
    def run(edition: Edition, **changes) -> tuple[Finding, ...]:
        return check_edition(edition, **{"series": series, "frame": frame, "revealing": nothing, **changes})

    return run


def changed(edition: Edition, old: str, new: str) -> Edition:
    (part,) = edition.parts
    literals = tuple(literal.replace(old, new) for literal in part.html.literals)
    assert literals != part.html.literals, f"{old!r} is not there"
    html = Skeleton(literals=literals, slots=part.html.slots)
    return replace(edition, parts=(replace(part, html=html),))


def test_every_code_that_a_check_uses_is_in_the_list_and_every_code_of_the_list_is_used() -> None:
    used = {code for path in RENDERING.glob("*.py") for code in codes_named_in(path)}
    assert used == set(CODES)


def test_every_code_says_why_it_matters() -> None:
    assert all(len(known.why.split()) >= 5 and known.why.endswith(".") for known in CODES.values())


def test_a_code_outside_the_list_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        finding("no-such-code", "What.", "mend it")


def test_a_finding_gets_weight_and_reason_from_the_list() -> None:
    known = CODES["size"]
    usual, worse = (finding("size", "Large.", "cut", severity=each) for each in (None, Severity.ERROR))
    assert (usual.severity, usual.why) == (known.severity, known.why)
    assert worse.severity is Severity.ERROR


#: The colour of words by night.
NIGHT = palette(Brand().colour)["dark-ink"]
FAULTS = [
    ("lang-missing", '<html lang="en-US"', "<html"),
    ("dir-missing", '<html lang="en-US" dir="ltr"', '<html lang="en-US"'),
    ("title-missing", "<title>A title</title>", ""),
    ("one-h1", "<h1 ", "<h2 "),
    ("one-h1", "<h2 ", "<h1 "),
    ("heading-order", "<h2 ", "<h4 "),
    ("heading-empty", ">What helps<", "><"),
    ("alt-missing", "<h1 ", '<img src="cid:x" width="1" height="1"><h1 '),
    ("alt-empty", "<h1 ", '<img src="cid:x" alt="" width="1" height="1"><h1 '),
    ("picture-size", "<h1 ", '<img src="cid:x" alt="x" width="100%"><h1 '),
    ("table-role", 'role="presentation" class="next"', 'class="next"'),
    ("table-attributes", ' cellpadding="0"', ""),
    ("link-empty", ">here<", "><"),
    ("third-party", "<h1 ", '<img src="https://x.example" alt="x" width="1" height="1"><h1 '),
    ("contrast-light", "color:#23292e", "color:#9aa4ab"),
    ("contrast-dark", f"{{ color: {NIGHT} !important }}", "{ color: #444444 !important }"),
    ("client-support", "<h1 style='", "<h1 style='display:flex;"),
    ("leftover", "Keep moving", "Keep {{ moving"),
    ("parity-links", "http://www.example.org/doms", "http://www.example.org/other"),
    ("promotional", "Keep moving", "Book now"),
    ("preheader-length", '<div class="preheader"', f'<div class="preheader">{"x" * 120}</div><div'),
]  # fmt: skip


@pytest.mark.parametrize(("code", "old", "new"), FAULTS)
def test_a_path_finds_the_element_again(check, edition, code: str, old: str, new: str) -> None:
    broken = changed(edition, old, new)
    (page,) = pages(broken)
    found = [each for each in check(broken) if each.code == code]
    assert found
    for each in found:
        (element,) = page.tree.xpath(each.path)
        assert isinstance(element.tag, str)


def test_every_code_about_an_element_has_its_path_tried() -> None:
    natural = {"picture-missing", "long-sentences", "abbreviations", "link-text", "link-insecure"}
    elsewhere = {"lang-wrapper", "dir-wrapper", "reveals-preview"}
    assert {code for code, _, _ in FAULTS} | natural | elsewhere == set(CODES) - WITHOUT_ELEMENT


@pytest.mark.parametrize("name", ["lang", "dir"])
def test_a_page_whose_body_does_not_repeat_language_and_direction_points_at_the_body(
    check, edition, name: str
) -> None:
    (part,) = edition.parts
    literals = [re.sub(rf'(<(?!html)[^>]*) {name}="[^"]*"', r"\1", each) for each in part.html.literals]
    literals = [re.sub(rf'(<(?!html)[^>]*) {name}="[^"]*"', r"\1", each) for each in literals]
    html = Skeleton(literals=tuple(literals), slots=part.html.slots)
    (found,) = [
        each for each in check(replace(edition, parts=(replace(part, html=html),)))
        if each.code == f"{name}-wrapper"
    ]  # fmt: skip
    assert found.path == "/html/body"


def test_a_preview_line_that_tells_points_at_the_preview_line(check, edition) -> None:
    def everything(text: str) -> tuple[str, ...]:
        return (text,)

    (page,) = pages(edition)
    (found,) = [each for each in check(edition, revealing=everything) if each.code == "reveals-preview"]
    (element,) = page.tree.xpath(found.path)
    assert element.get("class") == "preheader"


@pytest.mark.parametrize("code", ["picture-missing", "long-sentences", "abbreviations", "link-text"])
def test_words_of_the_article_have_their_line_and_their_element(check, edition, code: str) -> None:
    found = [each for each in check(edition) if each.code == code]
    assert found
    (page,) = pages(edition)
    lines = ARTICLE.splitlines()
    for each in found:
        (element,) = page.tree.xpath(each.path)
        first_word = element.text_content().replace("Picture:", "").split()[0]
        assert first_word in lines[each.line - 1]


def test_a_long_sentence_with_marks_in_it_is_found_in_its_own_paragraph(check, edition) -> None:
    found = next(each for each in check(edition) if each.code == "long-sentences" and each.line == 3)
    (page,) = pages(edition)
    (element,) = page.tree.xpath(found.path)
    assert element.tag == "p"
    assert squeezed(element.text_content()).startswith("Musclesthatrested")


def test_what_stands_around_the_article_has_no_line(check, edition) -> None:
    broken = changed(edition, ">Next time<", "><") if "Next time" in str(edition) else changed(
        edition, ">That was the last part<", "><"
    )  # fmt: skip
    (found,) = [each for each in check(broken) if each.code == "heading-empty"]
    assert found.line is None
