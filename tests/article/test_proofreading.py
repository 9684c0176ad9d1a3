"""Slips are reported with their place and never changed."""

import pytest


def notes(read, sentence):
    article = read(f"Title\n\n{sentence}\n\nAnother paragraph with the word children and children again.\n")
    assert sentence in [block.text for block in article.blocks]
    return [(note.code, note.line) for note in article.notes]


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("This is the the doubled word.", "doubled_word"),
        ("It happened to you You are not alone.", "doubled_word"),
        ("Use one or or all of them.", "doubled_word"),
        ("Rest well,, then move.", "punctuation"),
        ("Rest well.. Then move.", "punctuation"),
        ("Rest well , then move.", "punctuation"),
        ("We offer books,movie nights and more.", "punctuation"),
        ("Rest well.Then move on.", "punctuation"),
        ("Rest (as long as you need and then move.", "unbalanced"),
        ("He said “rest well and went home.", "unbalanced"),
        ('He said "rest well and went home.', "unbalanced"),
        ("It felt worse than before your started the exercise.", "spelling"),
        ("Please recieve our thanks.", "spelling"),
        ("It was soooo good.", "spelling"),
        ("We help chidlren every day.", "spelling"),
    ],
)
def test_a_slip_is_noted_with_its_line(read, sentence, code):
    assert notes(read, sentence) == [(code, 3)]


@pytest.mark.parametrize(
    "sentence",
    [
        "I know that that is true, and she had had enough.",
        "Wait... then go on, e.g., for a walk at 3.30 p.m. or later.",
        "See https://example.org/a,b..c or write to desk@example.org.",
        "Choose a) rest or b) movement :)",
        "The board is 5'6\" long.",
        "Your tired muscles and their limited range are normal.",
        "Form comes from practice.",
        "NOOO WAY is not a word.",
        "El dolor puede durar, pero no siempre.",
    ],
)
def test_what_is_right_is_left_alone(read, sentence):
    assert notes(read, sentence) == []


def test_the_excerpt_is_made_of_whole_words_around_the_slip(read):
    sentence = (
        "Something that has happened to you you are surely not alone with, say our patients every week."
    )
    article = read(f"Title\n\n{sentence}\n")
    assert article.notes[0].excerpt in sentence
    assert set(article.notes[0].excerpt.split()) <= set(sentence.split())


def test_a_text_full_of_slips_does_not_bury_its_author(read):
    article = read("Title\n\n" + "\n\n".join(["This is the the doubled word."] * 200) + "\n")
    assert len(article.notes) == 25
