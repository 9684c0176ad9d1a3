"""Plain text: lines, indents, wrapped paragraphs, bullets, typed headings."""

from pipeline.article.model import BlockKind
from pipeline.article.text_reader import read_text

WRAPPED = """\
Sleep and shift work

One in five people works shifts, and most of them sleep an hour less
than everyone else. You cannot change the clock, but you can change
what you do around it, and small things add up over the weeks.

Before a night shift

Take a nap in the afternoon, ideally between two and four o'clock,
and eat a proper meal before you leave home. Keep the lights bright
for the first half of the night.

  - Stop drinking coffee five hours before you go to bed, because it
    stays in the blood for longer than most people think it does.
  - Wear sunglasses on the way home.

Ask about our opening hours. We are here from Monday to Friday, and on
some evenings, too. Since 1998 we have treated more than a thousand
patients.
"""


def pieces(text):
    return read_text(text.encode(), name="a.txt").pieces


def test_each_line_is_a_piece_of_its_own_with_its_line_number():
    found = pieces("Title\n\nFirst paragraph.\nSecond line.\n")
    assert [(piece.text, piece.line) for piece in found] == [
        ("Title", 1),
        ("First paragraph.", 3),
        ("Second line.", 4),
    ]


def test_hard_wrapped_lines_are_joined_and_keep_the_lines_they_came_from():
    found = pieces(WRAPPED)
    paragraph = next(piece for piece in found if piece.text.startswith("One in five"))
    assert paragraph.text.endswith("small things add up over the weeks.")
    assert (paragraph.line, paragraph.last_line) == (3, 5)


def test_headings_and_bullets_of_a_wrapped_text_stand_alone():
    found = pieces(WRAPPED)
    assert "Before a night shift" in [piece.text for piece in found]
    bullets = [piece for piece in found if piece.marker == "-"]
    assert [piece.last_line - piece.line for piece in bullets] == [1, 0]


def test_a_wrapped_text_keeps_every_word_in_order():
    words = " ".join(f"{piece.marker} {piece.text}" for piece in pieces(WRAPPED)).split()
    assert words == WRAPPED.split()


def test_short_lines_without_blank_lines_between_are_not_joined():
    address = "Northside Clinic\n12 Harbour Street\nMillbrook 62701\nPhone 555 0142\nOpen daily\n"
    assert [piece.line for piece in pieces(address)] == [1, 2, 3, 4, 5]


def test_a_word_broken_at_a_hyphen_keeps_its_hyphen_and_gains_no_space():
    text = WRAPPED.replace("an hour less\nthan", "an hour-\nless than")
    assert any("hour-less than" in piece.text for piece in pieces(text))


def test_a_bullet_on_a_line_alone_belongs_to_the_line_after_it():
    found = pieces("Bring these:\n\n•\nyour letter\n\n•\na list of medicines\n")
    assert [(piece.marker, piece.text) for piece in found[1:]] == [
        ("•", "your letter"),
        ("•", "a list of medicines"),
    ]


def test_an_underlined_line_is_a_heading_and_the_rule_is_left_out():
    source = read_text(b"The title\n=========\n\nSome text here.\n\nA part\n------\n\nMore.\n", name="a.txt")
    ranked = [(piece.text, piece.level) for piece in source.pieces if piece.kind is BlockKind.HEADING]
    assert ranked == [("The title", 1), ("A part", 2)]
    assert [(one.line, one.reason) for one in source.left_out] == [(2, "an underline"), (7, "an underline")]


def test_number_signs_rank_headings_where_there_is_more_than_one():
    found = pieces("# Title\n\nText.\n\n## Part\n\nText.\n")
    assert [(piece.marker, piece.level) for piece in found if piece.kind is BlockKind.HEADING] == [
        ("#", 1),
        ("##", 2),
    ]


def test_a_single_number_sign_is_only_a_sign():
    assert pieces("Room list\n\n# 12 is upstairs\n")[1].kind is None


def test_a_typed_web_address_becomes_a_link_and_its_full_stop_stays_text():
    runs = pieces("Read https://example.org/sleep. Then call.\n")[0].runs
    assert [(run.text, run.link) for run in runs] == [
        ("Read ", None),
        ("https://example.org/sleep", "https://example.org/sleep"),
        (". Then call.", None),
    ]


def test_right_to_left_text_is_read_in_its_own_order():
    found = pieces("כאב גב\n\nתנועה עוזרת לרוב האנשים.\n")
    assert [piece.text for piece in found] == ["כאב גב", "תנועה עוזרת לרוב האנשים."]
