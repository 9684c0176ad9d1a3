"""Single cells: the words of practice systems, and what is said to anything else."""

import pytest

from pipeline.patients.cells import (
    read_flag,
    read_full_name,
    read_language,
    read_name,
    read_record,
    read_status,
    read_text,
    read_zone,
)
from pipeline.patients.dates import UnreadableCellError
from pipeline.patients.model import VisitStatus


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("booked", "Scheduled", "CONFIRMED", "Active", "pending"), VisitStatus.BOOKED),
        (("Arrived", "checked-in", "Checked In", "completed", "fulfilled"), VisitStatus.ARRIVED),
        (("cancelled", "Canceled", "Late Cancel", "rescheduled", "Inactive"), VisitStatus.CANCELED),
        (("no_show", "No-Show", "NOSHOW", "Did not arrive", "DNA"), VisitStatus.NO_SHOW),
        (("discharged", "finished", "Archived"), VisitStatus.DISCHARGED),
        (("on hold", "onhold", "on_hold"), VisitStatus.ON_HOLD),
    ],
)
def test_a_visits_state_is_read_in_the_words_of_practice_systems(words: tuple[str, ...], status) -> None:
    assert {read_status(word) for word in words} == {status}


@pytest.mark.parametrize("status", VisitStatus)
def test_our_own_word_for_every_state_is_understood(status: VisitStatus) -> None:
    assert read_status(status.value) is status


def test_an_unknown_state_names_the_nearest_or_all_of_them() -> None:
    with pytest.raises(UnreadableCellError, match="did you mean 'arrived'"):
        read_status("arived")
    with pytest.raises(UnreadableCellError, match="write one of booked, arrived"):
        read_status("blue")


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("en", "en"), ("EN-us", "en-US"), ("es_MX", "es-MX"), ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("Spanish", "es"), ("español", "es"), ("Tiếng Việt", "vi"), ("VIETNAMESE", "vi"), ("", None),
    ],
)  # fmt: skip
def test_a_language_is_a_tag_or_a_name(written: str, tag: str | None) -> None:
    assert read_language(written) == tag


@pytest.mark.parametrize("written", ["Elvish9", "xx", "english please", "e"])
def test_what_is_no_language_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UnreadableCellError, match="write a code like 'en'"):
        read_language(written)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("america/chicago", "America/Chicago"),
        ("America/New York", "America/New_York"),
        ("UTC", "UTC"),
        ("", None),
    ],
)
def test_a_zone_is_found_whatever_its_capitals(written: str, name: str | None) -> None:
    assert read_zone(written) == name


def test_a_zone_that_is_none_names_the_nearest() -> None:
    with pytest.raises(UnreadableCellError, match="did you mean 'America/Chicago'"):
        read_zone("America/Chigaco")
    with pytest.raises(UnreadableCellError, match="write one like"):
        read_zone("Mars")


@pytest.mark.parametrize(
    ("written", "flag"),
    [("Yes", True), ("TRUE", True), (True, True), (1.0, True), ("x", True), ("no", False), ("0", False),
     (False, False), ("", None), ("  ", None), (None, None)],
)  # fmt: skip
def test_yes_and_no_in_every_way_that_exports_write_them(written, flag) -> None:
    assert read_flag(written) is flag


@pytest.mark.parametrize(
    ("cell", "text"), [(1001.0, "1001"), (1.5, "1.5"), (" a\tb\n c ", "a b c"), (None, "")]
)
def test_a_cell_is_one_trimmed_line(cell, text: str) -> None:
    assert read_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "names"),
    [("Maple, Ana", ("Ana", "Maple")), ("Ana Maria Maple", ("Ana Maria Maple", "")), ("", ("", ""))],
)
def test_a_name_in_one_cell_is_only_cut_at_its_comma(cell: str, names: tuple[str, str]) -> None:
    assert read_full_name(cell) == names


@pytest.mark.parametrize("name", ["Anne-Marie", "O'Brien", "'t Hooft", "José", "李小龍", "X Æ A-12", "- "])
def test_a_real_name_is_kept_letter_for_letter(name: str) -> None:
    assert read_name(name) == name.strip()


def test_an_id_must_be_there() -> None:
    with pytest.raises(UnreadableCellError, match="every patient needs"):
        read_record(" ")


@pytest.mark.parametrize("odd", ["tentative", "waitlist", "abgesagt"])
def test_a_state_that_is_nearly_nothing_known_gets_no_wrong_hint(odd: str) -> None:
    with pytest.raises(UnreadableCellError, match="write one of booked"):
        read_status(odd)
