"""Captions and alt texts that stand as sentences after their pictures are gone."""

import pytest

SECTIONS = (
    (
        "Why Strength Comes Back Slowly",
        "In the months before hip surgery most people move less, because it hurts, and their muscles shrink.",
        "Hip surgery patients often lose strength in their muscles.",
    ),
    (
        "What Makes Pilates Different",
        "Pilates works on control before load. You learn to move the leg without twisting the back.",
        "Pilates exercises train control of the leg and the back.",
    ),
    (
        "How a Program Begins",
        "A program begins on the floor with breathing, and moves on to standing exercises after six weeks.",
        "Standing exercises train balance after hip surgery.",
    ),
    (
        "When You Should Wait",
        "Do not start before your surgeon agrees, and stop if something hurts that did not hurt before.",
        "Patients with a new hip should ask their surgeon first.",
    ),
    (
        "The Takeaway",
        "Your new hip will last for decades. Give it the muscles that it needs to carry you.",
        "",
    ),
)


def page(sections=SECTIONS):
    lines = [
        "How Pilates Helps After Hip Surgery",
        "So you have a new hip, and yet you walk as if on a boat.",
    ]
    for heading, text, caption in sections:
        lines += [heading, text, *([caption] if caption else [])]
    return "\n\n".join(lines) + "\n"


def captions(article):
    return [block.text for block in article.blocks if block.kind.value == "caption"]


def test_lone_sentences_above_most_headings_are_captions(read):
    assert captions(read(page())) == [caption for _, _, caption in SECTIONS if caption]


def test_a_caption_is_never_left_out(read):
    article = read(page())
    assert not article.left_out


def test_one_lone_sentence_above_one_heading_is_only_a_short_paragraph(read):
    sections = [
        (heading, text, caption if at == 1 else "") for at, (heading, text, caption) in enumerate(SECTIONS)
    ]
    alone = [
        (heading, text, "Most people sleep better in June." if caption else "")
        for heading, text, caption in sections
    ]
    assert captions(read(page(alone))) == []


def test_sentences_that_talk_to_the_reader_are_no_captions(read):
    spoken = [
        (heading, text, caption and "Ask your nurse if you are not sure what you need.")
        for heading, text, caption in SECTIONS
    ]
    assert captions(read(page(spoken))) == []


def test_the_only_sentence_of_a_section_is_its_text(read):
    short = [(heading, caption or text, "") for heading, text, caption in SECTIONS]
    assert captions(read(page(short))) == []


@pytest.mark.parametrize(
    "line",
    [
        "Figure 3: Days until patients walk again",
        "Fig. 2 – The new joint",
        "Photo: Jane Roe",
        "Photo by Jane Roe",
        "Source: National Hip Registry, 2024",
        "Foto: María López",
        "Screenshot of the exercise plan in the app",
        "A patient and her therapist look at the plan together on a tablet",
        "The mayor opens the new gym. Photo: City of Millbrook",
    ],
)
def test_a_line_that_names_a_picture_or_its_source_is_a_caption(read, line):
    sections = [(heading, text, line if at == 1 else "") for at, (heading, text, _) in enumerate(SECTIONS)]
    assert captions(read(page(sections))) == [line]


def test_a_caption_that_parts_a_list_leaves_it_one_list(read):
    text = (
        "Guidelines\n\nAll of these recommend exercise for patients with a new hip:\n\n"
        "  • National Institute: asks for tailored exercise programs.\n\n"
        "The Health Organization recommends exercise to help patients.\n\n"
        "  • Health Organization: urges patients to keep up exercise.\n\n  • Others: agree.\n"
    )
    article = read(text)
    assert captions(article) == ["The Health Organization recommends exercise to help patients."]
    items = [block for block in article.blocks if block.kind.value == "list_item"]
    assert len(items) == 3
    assert len({block.group for block in items}) == 1
