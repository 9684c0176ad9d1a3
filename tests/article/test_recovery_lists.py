"""Typed lists: nesting, further paragraphs, numbers, lost bullets; tables typed with upright lines."""

BODY = "Most people get better within a few weeks when they keep moving and do a little more each day."


def items(article):
    return [
        (block.text, block.depth, block.continues)
        for block in article.blocks
        if block.kind.value == "list_item"
    ]


def test_indents_nest_items_and_carry_their_further_paragraphs(read):
    article = read(
        f"Title\n\n{BODY}\n\n  • outer\n\n    more of outer\n\n      • inner\n\n        more of inner\n\n"
        f"    again outer\n\n  • last\n\n{BODY}\n"
    )
    assert items(article) == [
        ("outer", 0, False),
        ("more of outer", 0, True),
        ("inner", 1, False),
        ("more of inner", 1, True),
        ("again outer", 0, True),
        ("last", 0, False),
    ]
    assert article.blocks[-1].kind.value == "paragraph"


def test_text_between_two_lists_makes_two_groups(read):
    article = read(f"Title\n\n{BODY}\n\n• a\n\n• b\n\n{BODY}\n\n• c\n\n• d\n")
    groups = [block.group for block in article.blocks if block.kind.value == "list_item"]
    assert groups[0] == groups[1] != groups[2] == groups[3]


def test_an_indented_numbered_list_keeps_its_numbers(read):
    article = read(f"Title\n\n{BODY}\n\n  1. Rest\n\n  2. Ice\n\n  3. Move\n\n{BODY}\n")
    assert [(b.text, b.ordinal, b.marker) for b in article.blocks if b.kind.value == "list_item"] == [
        ("Rest", 1, "1."),
        ("Ice", 2, "2."),
        ("Move", 3, "3."),
    ]


def test_numbered_items_with_bullets_under_them_are_one_nested_list(read):
    article = read(
        "Title\n\nAnswer four questions:\n\n  1. Team\n\n      • Who leads?\n\n      • Who decides?\n\n"
        f"  2. Talent\n\n      • Whom do you hire?\n\n{BODY}\n"
    )
    assert [depth for _, depth, _ in items(article)] == [0, 1, 1, 0, 1]


def test_full_sentences_with_numbers_are_a_list_even_with_text_between(read):
    article = read(
        "Title\n\n1. Heat the oven well before you begin.\n\n2. Roast for two hours.\n\n"
        f"{BODY}\n\n3. Serve it warm.\n"
    )
    assert [text for text, _, _ in items(article)] == [
        "Heat the oven well before you begin.",
        "Roast for two hours.",
        "Serve it warm.",
    ]


def test_lines_that_lost_their_bullets_are_a_list_after_a_lead_in(read):
    article = read(f"Title\n\n{BODY}\n\nCall us if:\n\nthe pain gets worse\n\nyou have a fever\n\n{BODY}\n")
    assert [text for text, _, _ in items(article)] == ["the pain gets worse", "you have a fever"]


def test_rows_with_upright_lines_are_a_table_and_a_ruled_line_is_left_out(read):
    article = read(
        f"Title\n\n{BODY}\n\nSprains | Strains\n--- | ---\nligament | muscle\nankle | back\n\n{BODY}\n"
    )
    rows = [block for block in article.blocks if block.kind.value == "table_row"]
    assert [row.text for row in rows] == ["Sprains | Strains", "ligament | muscle", "ankle | back"]
    assert [row.header for row in rows] == [True, False, False]
    assert {row.group for row in rows} == {rows[0].group}
    assert [one.text for one in article.left_out] == ["--- | ---"]


def test_one_line_with_an_upright_line_is_no_table(read):
    article = read(f"Title\n\n{BODY}\n\nMonday | Friday\n\n{BODY}\n")
    assert "table_row" not in [block.kind.value for block in article.blocks]
