"""Which bare lines are headings: form, place, and the article's own habits."""

import pytest

BODY = "Most people get better within a few weeks when they keep moving and do a little more each day."


def article(*lines):
    return "\n\n".join(("The title of this article", BODY, *lines)) + "\n"


def kind_of(read, line, *around):
    found = read(article(*around))
    return next(block.kind.value for block in found.blocks if block.text == line)


@pytest.mark.parametrize(
    "line",
    [
        "Why it hurts",
        "What causes the pain?",
        "WHEN TO CALL US",
        "Symptoms",
        "Can I still go to work if my job means that I lift heavy boxes all day?",
        "3. Moving again",
        "Cuándo pedir ayuda",
        "How you can ease the pain yourself",
    ],
)
def test_a_short_line_without_a_stop_above_text_is_a_heading(read, line):
    assert kind_of(read, line, line, BODY) == "heading"


@pytest.mark.parametrize(
    ("line", "following"),
    [
        ("Rest for a day.", BODY),
        ("Find a pharmacy", "Why it hurts"),
        ("You may also notice", "  • swelling\n\n  • heat"),
        ("Severe cases can cause", "  • fever\n\n  • chills"),
        ("You can try the following:", "  • heat\n\n  • cold"),
        ("Call us on 555-0142", BODY),
        ("Open Monday to Friday, 8:00 to 17:00", BODY),
        ("A patient lifts a small weight beside a window", BODY),
        ("Figure 2: Days until patients walk again", BODY),
        ("Photo by Jane Roe", BODY),
        ("but not for everyone", BODY),
        ("This is what most of our patients say", BODY),
    ],
)
def test_a_line_that_only_looks_like_a_heading_is_none(read, line, following):
    assert kind_of(read, line, line, following, "Why it hurts", BODY) != "heading"


def test_the_last_line_of_an_article_is_no_heading(read):
    assert kind_of(read, "Thanks for reading", BODY, "Thanks for reading") != "heading"


def test_a_warning_box_above_a_list_is_a_heading_of_its_own(read):
    found = kind_of(
        read, "See a doctor if:", BODY, "See a doctor if:", "  • it gets worse\n\n  • you have a fever"
    )
    assert found == "heading"


def test_in_an_article_with_numbered_headings_a_stray_line_above_one_is_none(read, kinds):
    lines = []
    for number, name in enumerate(("Rest well", "Move daily", "Ask for help"), 1):
        lines += [f"{number}. {name}", BODY, f"Visitors of the open day, part {'abc'[number - 1]}"]
    found = read(article(*lines[:-1]))
    assert [block.text for block in found.blocks if block.kind.value == "heading"] == lines[::3]


def test_numbered_lines_with_text_between_are_headings_and_without_are_a_list(read):
    apart = read(article("1. Rest", BODY, "2. Move", BODY))
    assert [block.text for block in apart.blocks if block.kind.value == "heading"] == ["1. Rest", "2. Move"]
    together = read(article("Do this:", "1. Rest", "2. Move", BODY))
    assert [(b.text, b.ordinal) for b in together.blocks if b.kind.value == "list_item"] == [
        ("Rest", 1),
        ("Move", 2),
    ]


def test_headings_know_whether_they_carry_a_number(read):
    found = read(article("1. Rest", BODY, "2. Move", BODY, "Afterwards", BODY))
    assert [block.numbered for block in found.blocks if block.kind.value == "heading"] == [True, True, False]


def test_the_reason_names_the_strongest_signs(read):
    found = read(article("WHEN TO CALL US", BODY))
    heading = next(block for block in found.blocks if block.kind.value == "heading")
    assert "capitals" in heading.reason
    assert heading.confidence > 0.6
