"""Levels of headings from numbers, places and likeness."""

BODY = "Most people get better within a few weeks when they keep moving and do a little more each day."


def levels(read, *lines):
    found = read("\n\n".join(("Back pain", BODY, *lines)) + "\n")
    return [(block.text, block.level) for block in found.blocks if block.kind.value == "heading"]


def test_a_run_of_numbers_without_a_section_above_is_first_rank_and_lines_between_are_second(read):
    found = levels(
        read, "1. Rest", BODY, "User stories", BODY, "2. Move", BODY, "3. Ask", BODY, "Contact us", BODY
    )
    assert [level for _, level in found] == [2, 3, 2, 2, 2]


def test_a_run_of_numbers_that_a_colon_announces_lies_under_its_section(read):
    found = levels(
        read, "Why it hurts", f"{BODY} Here is why:", "1. Rest", BODY, "2. Move", BODY, "Conclusion", BODY
    )
    assert [level for _, level in found] == [2, 3, 3, 2]


def test_decimal_numbers_say_their_level(read):
    found = levels(
        read, "1. Rules", BODY, "1.1 Scope", BODY, "1.2 Terms", BODY, "1.2.1 Days", BODY, "2. More", BODY
    )
    assert [level for _, level in found] == [2, 3, 3, 4, 2]


def test_a_heading_right_below_another_is_its_part_and_so_is_the_next_alike(read):
    found = levels(
        read,
        "What you can do yourself at home", "Keep active", BODY, "Take painkillers", BODY,
        "How long will it take to get better?", BODY,
    )  # fmt: skip
    assert [level for _, level in found] == [2, 3, 3, 2]


def test_the_same_short_heading_in_several_sections_is_a_part_of_each(read):
    lines = []
    for section in ("How to treat a sprain yourself", "How to treat a strain yourself"):
        lines += [section, BODY, "Do", "  • rest it", "Don't", "  • run on it"]
    assert [level for _, level in levels(read, *lines)] == [2, 3, 3, 2, 3, 3]


def test_capitals_stand_above_small_letters(read):
    found = levels(
        read, "BEFORE THE SHIFT", BODY, "Your bedroom", BODY, "AFTER THE SHIFT", BODY, "Your family", BODY
    )
    assert [level for _, level in found] == [2, 3, 2, 3]


def test_questions_that_name_the_subject_stand_above_phrases_that_do_not(read):
    lines = []
    for question, parts in (
        ("What is Back Pain?", ()),
        ("What causes Back Pain?", ("Muscle Strain", "Worn Discs")),
        ("How to treat Back Pain?", ("Exercise Programs",)),
    ):
        lines += [question, BODY, *(line for part in parts for line in (part, BODY))]
    assert [level for _, level in levels(read, *lines)] == [2, 2, 3, 3, 2, 3]


def test_a_section_that_promises_three_has_three_parts(read):
    found = levels(
        read,
        "Three questions to ask yourself", "Who is this for?", BODY, "What does it cost?", BODY,
        "What if I skipped it?", BODY, "One last thing", BODY,
    )  # fmt: skip
    assert [level for _, level in found] == [2, 3, 3, 3, 2]


def test_an_article_of_equal_headings_has_one_level(read):
    names = (
        "Who can get a card?",
        "What do I need to bring?",
        "Do you charge fines?",
        "What happens to my data?",
    )
    assert {level for _, level in levels(read, *(line for name in names for line in (name, BODY)))} == {2}


def test_levels_stay_between_two_and_four_whatever_markup_says(read):
    text = "\n\n".join(f"{'#' * rank} Heading {rank}\n\n{BODY}" for rank in (1, 2, 3, 4, 5, 6))
    found = read(text, name="a.md")
    assert [block.level for block in found.blocks if block.kind.value == "heading"] == [2, 3, 4, 4, 4]
