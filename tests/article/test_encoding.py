"""Bytes from any program become the same text."""

import pytest

from pipeline.article.encoding import decode
from pipeline.errors import ArticleError

TEXT = "Señor Müller’s café – 5 €\n\nÜbungen für zu Hause: zwei Sätze, drei Übungen.\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.encode("cp1252"),
    ],
    ids=["utf-8", "utf-8 bom", "utf-16 bom", "utf-16-le", "utf-16-be", "utf-16-be bom", "utf-32", "cp1252"],
)
def test_every_usual_encoding_gives_the_same_text(data):
    assert decode(data, name="a.txt").text == TEXT


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_every_kind_of_line_end_counts_as_one_line(end):
    assert decode(f"one{end}{end}two{end}".encode(), name="a.txt").text == "one\n\ntwo\n"


def test_a_mixture_of_utf_8_and_windows_1252_is_read_line_by_line():
    data = "Café one\n".encode() + "Café – two\n".encode("cp1252")
    decoded = decode(data, name="a.txt")
    assert decoded.text == "Café one\nCafé – two\n"
    assert [note.code for note in decoded.notes] == ["encoding"]


def test_cyrillic_in_its_old_charset_is_guessed():
    text = "Боль в спине обычно проходит сама. Двигайтесь каждый день понемногу. " * 5
    assert decode(text.encode("cp1251"), name="a.txt").text == text


def test_the_charset_that_a_page_declares_is_believed_where_utf_8_does_not_fit():
    decoded = decode("Łódź".encode("iso-8859-2"), name="a.html", declared="iso-8859-2")
    assert decoded.text == "Łódź"


def test_a_declared_charset_that_does_not_exist_is_ignored():
    assert decode("café".encode("cp1252"), name="a.html", declared="x-mystery").text == "café"


def test_a_stray_control_character_is_skipped_and_noted():
    decoded = decode(b"Some text that goes on for a while\x00 and ends here.", name="a.txt")
    assert "\x00" not in decoded.text
    assert [note.code for note in decoded.notes] == ["control_characters"]


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02\x03" * 100, bytes(range(32)) * 20, b"text\x00\x01\x02\x07" * 50]
)
def test_binary_data_is_refused(data):
    with pytest.raises(ArticleError, match="not text"):
        decode(data, name="a.txt")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "zip"),
        (b"{\\rtf1 x}", "RTF"),
        (b"\xd0\xcf\x11\xe0....", "old Word"),
        (b"\x89PNG....", "picture"),
    ],
)
def test_a_file_of_another_kind_is_named_and_the_way_out_told(data, what):
    with pytest.raises(ArticleError) as refused:
        decode(data, name="a.txt")
    assert what in refused.value.what
    assert refused.value.mend


def test_text_of_white_space_only_is_empty():
    with pytest.raises(ArticleError, match="empty"):
        decode(b" \n\t\n", name="a.txt")
