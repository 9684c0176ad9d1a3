"""What a part asks of its readers, as findings."""

from pipeline.article.reading import read_article
from pipeline.rendering.check_reading import check_reading
from pipeline.series.drafting import draft_series
from pipeline.series.model import Purpose, Series

PLAIN = "You may feel sore. That is fine. Rest when you need to. Walk a little each day. "
HARD = (
    "Notwithstanding multidisciplinary recommendations emphasising individualised rehabilitation, "
    "practitioners' physiological considerations occasionally necessitate comprehensive reconsideration "
    "of established neuromuscular interventions whenever musculoskeletal complications unexpectedly emerge. "
)


def series_of(text: str, language: str = "en-US") -> Series:
    article = read_article(f"# A title\n\n{text}\n".encode(), name="article.md")
    return draft_series(
        article, name="s", language=language, purpose=Purpose.TREATMENT, words_per_minute=200,
        words_per_part=250, days=(1,), parts=1,
    ).series  # fmt: skip


def codes(series: Series) -> set[str]:
    return {finding.code for finding in check_reading(series)}


def test_plain_words_give_no_finding() -> None:
    assert codes(series_of(PLAIN * 10)) == set()


def test_hard_words_and_long_sentences_are_named_with_their_part_and_line() -> None:
    found = list(check_reading(series_of(HARD * 8)))
    assert {finding.code for finding in found} == {"grade", "long-sentences"}
    assert {finding.part for finding in found} == {1}
    assert all("line 3" in finding.place for finding in found if finding.code == "long-sentences")


def test_an_abbreviation_without_its_words_is_named() -> None:
    (finding,) = (
        each
        for each in check_reading(series_of(PLAIN * 5 + "Ask about DOMS."))
        if each.code == "abbreviations"
    )
    assert "DOMS" in finding.message


def test_a_language_without_measures_is_not_judged() -> None:
    assert codes(series_of(HARD * 8, language="de-DE")) <= {"long-sentences"}
