"""The sample article: plain, honest, balanced, and complete with its pictures."""

import re
import struct
from itertools import groupby
from pathlib import Path

import pytest

from pipeline.article.model import Article, Block, BlockKind
from pipeline.article.reading import read_article
from pipeline.rendering.safety import Urgency, load_safety
from pipeline.sections.calendar import Schedule
from pipeline.series.readability import measure
from pipeline.series.split import split_article

CONTENT = Path(__file__).parents[2] / "content"
FOLDER = CONTENT / "first-weeks"

#: What a clinician could not stand behind: promises, pain as a good sign, words that frighten.
OVERREACH = (
    r"pain[- ]free",
    r"guarantee",
    r"(?<!promises a )\bcures?\b",
    r"number one|first[- ]line|proven|miracle|always works?",
    r"no pain,? no gain|push(ing)? through",
    r"(good|positive|sign of|means) progress|positive sign|good sign|is working",
    r"faulty|wrong muscles?|bad posture|weak core|out of place|instab|unstable",
    r"damage|degenerat|wear and tear|worn|crumbl",
)


@pytest.fixture(scope="module")
def article() -> Article:
    return read_article(
        (FOLDER / "article.md").read_bytes(),
        name="article.md",
        load_picture=lambda name: (FOLDER / name).read_bytes(),
    )


def words_of(article: Article) -> str:
    return "\n".join(block.text for block in article.blocks)


def sections_of(article: Article) -> list[list[Block]]:
    """Blocks by main section; what stands before the first one belongs to it."""
    starts = [block.id for block in article.blocks if block.kind is BlockKind.HEADING and block.level == 2]

    def section(block: Block) -> int:
        return max(0, sum(start <= block.id for start in starts) - 1)

    return [list(blocks) for _, blocks in groupby(article.blocks, key=section)]


def test_the_article_has_one_title_and_five_main_sections(article: Article) -> None:
    kinds = [block.kind for block in article.blocks]
    assert kinds.count(BlockKind.TITLE) == 1
    assert len(sections_of(article)) == 5
    assert article.language == "en-US"


def test_a_split_that_nobody_steers_gives_one_email_to_each_main_section(article: Article) -> None:
    split = split_article(article.blocks)
    sections = [section[0].id for section in sections_of(article)]
    assert [article.blocks[start].id for start in split.best.starts] == sections
    assert len(sections) == len(Schedule().days)


def test_its_parts_are_of_like_length(article: Article) -> None:
    words = split_article(article.blocks).best.words
    assert max(words) <= 1.15 * min(words)
    assert max(words) <= 300


def test_it_tells_all_five_reasons_in_order(article: Article) -> None:
    headings = [block.text for block in article.blocks if block.kind is BlockKind.HEADING]
    reasons = [int(found[1]) for text in headings if (found := re.match(r"Reason (\d):", text))]
    assert reasons == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("pattern", OVERREACH)
def test_it_says_nothing_that_overreaches_or_frightens(article: Article, pattern: str) -> None:
    found = re.search(pattern, words_of(article), re.IGNORECASE)
    assert found is None, f"{found[0]!r} in the article"


def test_the_whole_and_each_section_stay_at_or_below_eighth_grade(article: Article) -> None:
    for blocks in (article.blocks, *sections_of(article)):
        found = measure(blocks, "en-US")
        assert found.flesch_kincaid is not None
        assert found.coleman_liau is not None
        assert max(found.flesch_kincaid, found.coleman_liau) <= 8


def test_no_sentence_is_long_few_are_passive_and_every_abbreviation_is_explained(article: Article) -> None:
    found = measure(article.blocks, "en-US")
    assert found.long_sentences == ()
    assert found.unexplained == ()
    assert len(found.passive or ()) <= found.sentences / 20


def test_it_lists_every_emergency_sign_of_the_safety_text_in_the_same_words(article: Article) -> None:
    safety = load_safety([CONTENT])["en-US"]
    signs = next(level.items for level in safety.levels if level.kind is Urgency.EMERGENCY)
    listed = tuple(block.text.casefold() for block in article.blocks if block.kind is BlockKind.LIST_ITEM)
    assert [sign for sign in signs if not sign.casefold().startswith(listed)] == []


def test_its_last_section_says_whom_to_call(article: Article) -> None:
    last = "\n".join(block.text for block in sections_of(article)[-1])
    assert "911" in last
    assert "Call your doctor the same day" in last
    assert "Call us" in last


def test_it_links_to_the_guidelines_and_to_nothing_else(article: Article) -> None:
    links = {run.link for block in article.blocks for run in block.runs if run.link}
    assert {re.sub(r"^https://(www\.)?([^/]+)/.*", r"\2", link) for link in links} == {
        "acpjournals.org",
        "nice.org.uk",
        "who.int",
    }


def test_each_picture_is_light_described_and_captioned(article: Article) -> None:
    pictures = [at for at, block in enumerate(article.blocks) if block.kind is BlockKind.PICTURE]
    assert pictures
    for at in pictures:
        picture = article.blocks[at].picture
        assert picture is not None
        assert picture.data is not None
        assert len(picture.data) < 40_000
        assert 20 <= len(picture.alt) <= 150
        assert article.blocks[at + 1].kind is BlockKind.CAPTION


def test_each_picture_of_the_folder_is_used_and_has_a_drawing_of_the_same_shape(article: Article) -> None:
    used = {FOLDER / block.picture.source for block in article.blocks if block.picture}
    files = sorted((FOLDER / "pictures").glob("*.png"))
    assert set(files) == used
    for png in files:
        drawing = png.with_suffix(".svg").read_text(encoding="utf-8")
        wide, high = (int(re.findall(rf' {side}="(\d+)"', drawing)[0]) for side in ("width", "height"))
        assert struct.unpack(">II", png.read_bytes()[16:24]) == (2 * wide, 2 * high)


def test_the_evidence_table_covers_every_link_of_the_article(article: Article) -> None:
    evidence = (FOLDER / "evidence.md").read_text(encoding="utf-8")
    links = {run.link for block in article.blocks for run in block.runs if run.link}
    assert [link for link in links if link not in evidence] == []
