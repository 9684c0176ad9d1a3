"""What a page saved as text carries around its article."""

import pytest

BODY = "Most people get better within a few weeks when they keep moving and do a little more each day."


@pytest.mark.parametrize(
    "line",
    [
        "top of page",
        "Bottom of page",
        "* * *",
        "----------",
        "Page 3 of 10",
        "Skip to main content",
        "Back to top",
        "Share this post",
        "Leave a comment",
        "© 2024 Northside Clinic. All rights reserved.",
        "We use cookies to make this site work.",
        "Advertisement",
        "5 min read",
        "Ir al contenido principal",
    ],
)
def test_a_line_of_the_page_is_left_out_with_its_reason_wherever_it_stands(read, line):
    article = read(f"Title\n\n{BODY}\n\n{BODY}\n\n{line}\n\n{BODY}\n\n{BODY}\n")
    assert [(one.text, one.line) for one in article.left_out] == [(line, 7)]
    assert article.left_out[0].reason


@pytest.mark.parametrize(
    "line",
    [
        "Share your goals with your therapist.",
        "Top of the page tips from our team",
        "Page a nurse if you feel faint.",
        "The cookies we bake contain nuts.",
        "Comments from patients",
        "May 2024 was a busy month for us.",
    ],
)
def test_a_line_of_the_article_that_sounds_like_one_stays(read, line):
    article = read(f"Title\n\n{BODY}\n\n{line}\n\n{BODY}\n")
    assert article.left_out == ()


def test_a_menu_above_and_a_footer_below_are_left_out_and_the_title_stays(read):
    menu, footer = (
        ["Home", "About us", "Services", "Contact"],
        ["Privacy policy", "Cookies", "Facebook", "Imprint"],
    )
    article = read("\n\n".join([*menu, "How to sleep well", BODY, "Why it matters", BODY, *footer]) + "\n")
    assert article.title == "How to sleep well"
    assert [one.text for one in article.left_out] == [*menu, *footer]
    assert len(article.blocks) == 4


def test_a_date_line_is_furniture_at_the_edge_only(read):
    article = read("\n\n".join(["Title", "May 3, 2024", *[BODY] * 8, "June 1, 2025", *[BODY] * 8]) + "\n")
    assert [one.text for one in article.left_out] == ["May 3, 2024"]


def test_lines_of_a_publishing_program_under_the_title_are_sorted(read):
    article = read(f'Title\n\nexpirydate: "2025-01-22"\n\nsummary: "Five experts on sleep."\n\n{BODY}\n')
    assert [one.text for one in article.left_out] == ['expirydate: "2025-01-22"']
    assert article.blocks[1].kind.value == "subtitle"


def test_a_subtitle_stands_between_title_and_text(read, kinds):
    article = read(
        f"SLEEP WELL\n\nA short guide for people on shifts\n\n{BODY}\n\nWHY SHIFTS TIRE\n\n{BODY}\n"
    )
    assert kinds(article)[:3] == ["title", "subtitle", "paragraph"]


def test_an_article_that_begins_with_a_sentence_has_no_title(read):
    assert read(f"{BODY}\n\n{BODY}\n").title is None
