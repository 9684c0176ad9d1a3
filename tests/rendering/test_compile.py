import html as html_module
import re
from dataclasses import replace

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.article.model import BlockKind, Picture, Run
from pipeline.errors import PipelineError, TemplateError
from pipeline.rendering.compile import compile_edition, list_id, render
from pipeline.rendering.compose import Composer, compose
from pipeline.rendering.embedding import without_mail_only
from pipeline.rendering.model import Slot
from pipeline.rendering.slots import Tokens
from pipeline.rendering.views import prepared, setting_for

names = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["Ana", "O'Neil & \"Sons\"", "<b>x</b>", "עדי", "ليلى", "José\u0301", "👩‍👩‍👧‍👦 Kim",
         "a\r\nBcc: b", "{{ 7*7 }}", "{name}",
         "XPHgreetingHPX", "&amp;", "%s %(x)s", "\\1 \\g<0>", "x" * 1000, "é" * 1000, "= =3D =\n."]
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def bench(series, frame, templates):
    """One part, compiled, and what the slow way needs."""
    setting = setting_for(series, frame, templates)
    part = prepared(series.parts[1], setting)
    return Composer(compile_edition(series, frame, templates), 2, trial=False), part, setting, templates


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_name=names)
def test_joining_gives_what_rendering_and_inlining_for_one_patient_gives(
    bench, make_recipient, given_name
) -> None:
    composer, part, setting, templates = bench
    recipient = make_recipient(given=given_name)
    message = composer.message(recipient)
    values = {slot.value: text for slot, text in composer.values(recipient).text.items()}
    (slow,) = render([part], setting, templates, values, tokens=Tokens("0" * 20))
    slow_html = re.sub(r"<!--XPH0+trialbeginHPX-->.*<!--XPH0+trialendHPX-->", "", slow.html, flags=re.DOTALL)
    slow_text = re.sub(r"XPH0+trialbeginHPX\n.*XPH0+trialendHPX\n", "", slow.text, flags=re.DOTALL)
    assert _same(message.html) == _same(slow_html)
    assert message.text == slow_text


def _same(page: str) -> str:
    """A page as a browser understands it: one spelling per character and none for gaps between elements."""
    text = lxml.html.tostring(lxml.html.document_fromstring(page), encoding="unicode")
    return re.sub(r"\s+", " ", text)


def test_the_same_input_gives_the_same_bytes_and_hash(series, frame, templates, edition) -> None:
    assert compile_edition(series, frame, templates) == edition


@pytest.mark.parametrize("what", ["article", "template", "brand", "safety", "sender"])
def test_any_change_of_what_is_sent_changes_the_hash(
    what: str, series, edition, make_frame, own_templates, text_blocks, make_series, templates
) -> None:
    frame, source = make_frame(), templates
    match what:
        case "article":
            series = make_series(text_blocks("Other words."), *[part.blocks for part in series.parts[1:]])
        case "template":
            source = own_templates({"email/opening.html": "<p>{{ slot.greeting }}</p>"})
        case "brand":
            frame = make_frame(brand=frame.brand.model_copy(update={"colour": "#7a1f6f"}))
        case "safety":
            text = frame.safety["en-US"]
            frame = make_frame(safety={"en-US": replace(text, title="Other")})
        case "sender":
            frame = make_frame(sender=frame.sender.model_copy(update={"from_name": "Other"}))
    assert compile_edition(series, frame, source).sha256 != edition.sha256


def test_every_part_has_every_slot_and_no_token_is_left(edition) -> None:
    for part in edition.parts:
        for skeleton in (part.html, part.text):
            assert set(skeleton.slots) == set(Slot)
            assert skeleton.slots.count(Slot.TRIAL) == 1
            assert "HPX" not in "".join(skeleton.literals)


def test_the_trial_banner_is_apart_and_inlined(edition) -> None:
    part = edition.parts[0]
    assert "This is a draft for checking" in part.trial_html
    assert "style=" in part.trial_html
    assert "This is a draft for checking" in part.trial_text
    assert "This is a draft for checking" not in "".join(part.html.literals) + "".join(part.text.literals)


def test_subjects_are_filled_and_hold_one_line(edition) -> None:
    assert edition.parts[1].subject == "Part 2 of 3 from Riverbend Physical Therapy"


def test_an_unknown_placeholder_in_a_subject_names_its_place(series, frame, templates) -> None:
    part = replace(series.parts[0], subject="For {patient}")
    with pytest.raises(TemplateError, match="patient") as error:
        compile_edition(replace(series, parts=(part, *series.parts[1:])), frame, templates)
    assert str(error.value.where) == "first-weeks/series.toml, part 1, subject"


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({"email/safety.html": "<h2>Be well</h2>"}, "safety"),
        ({"email/footer.html": "<p>{{ slot.unsubscribe_url }}</p>"}, "preferences_url"),
        ({"email/trial.html": " "}, "trial"),
        ({"email/opening.html": "<p>Hi</p>"}, "greeting"),
        ({"email/part.txt": "{{ trial.begin }}\nx\n{{ trial.end }}\nHello"}, "greeting"),
    ],
)
def test_an_email_without_a_promise_does_not_compile(files, lacks: str, series, frame, own_templates) -> None:
    with pytest.raises(TemplateError, match=lacks):
        compile_edition(series, frame, own_templates(files))


@pytest.mark.parametrize(
    "words", ["clinic.address", "clinic.phone", "clinic.reply_hours", "slot.unsubscribe_url"]
)
def test_a_footer_must_keep_address_phone_hours_and_unsubscribe(
    words: str, series, frame, own_templates, templates
) -> None:
    for name in ("footer.html", "part.txt"):
        text = templates.text(name).replace("{{ " + words, "{{ '' and " + words).replace(
            "hours=" + words, "hours=''"
        )  # fmt: skip
        with pytest.raises(TemplateError):
            compile_edition(series, frame, own_templates({f"email/{name}": text}))


def test_a_series_without_a_safety_text_in_its_language_does_not_compile(series, frame, templates) -> None:
    with pytest.raises(TemplateError, match="en-GB"):
        compile_edition(replace(series, language="en-GB"), frame, templates)


def test_a_slot_in_a_style_does_not_compile(series, frame, own_templates, templates) -> None:
    head = templates.text("head.html").replace("</head>", "<style>{{ slot.greeting }}</style></head>")
    with pytest.raises(TemplateError, match="greeting"):
        compile_edition(series, frame, own_templates({"email/head.html": head}))


def test_hostile_article_text_stays_text(make_series, blocks, frame, templates) -> None:
    hostile = [
        "<script>alert(1)</script>",
        "{{ ''.__class__ }} {% raw %}",
        "XPH00000000000000000000greetingHPX",
        "<!--[if mso]><p>x</p><![endif]-->",
        "</td></table></body> & \u202e x \x00",
        '"><img src=x onerror=alert(1)>',
    ]
    for text in hostile:
        blocks.add(BlockKind.PARAGRAPH, text)
        blocks.add(BlockKind.HEADING, text, level=2)
        blocks.add(BlockKind.LIST_ITEM, text, group=1)
    blocks.add(BlockKind.PARAGRAPH, Run(text="press", link="javascript:alert(1)"))
    picture = Picture(source="x", alt='"><script>alert(1)</script>', data=None)
    blocks.add(BlockKind.PICTURE, picture=picture)
    part = compile_edition(make_series(tuple(blocks.made)), frame, templates).parts[0]
    page = "".join(part.html.literals)
    tree = lxml.html.document_fromstring(page)
    assert not tree.xpath("//script|//img|//*[@onerror]|//a[starts-with(@href,'javascript')]")
    seen = " ".join(tree.text_content().split())
    for text in hostile:
        clean = " ".join(text.replace("\u202e", "").replace("\x00", "").split())
        assert clean in seen
        assert clean in " ".join("".join(part.text.literals).split())


def test_an_article_in_the_series_title_or_names_cannot_break_out(series, make_frame, templates) -> None:
    frame = make_frame()
    clinic = frame.clinic.model_copy(update={"name": '<b>"Clinic"</b> & Sons'})
    part = compile_edition(series, make_frame(clinic=clinic), templates).parts[0]
    page = "".join(part.html.literals)
    assert '<b>"Clinic"' not in page
    assert '<b>"Clinic"</b> & Sons' in html_module.unescape(page)


def test_pictures_travel_inside_and_fit_the_column(make_series, blocks, frame, templates, make_png) -> None:
    blocks.add(BlockKind.PICTURE, picture=Picture(source="back.png", alt="Big", data=make_png(1200, 300)))
    blocks.add(BlockKind.PICTURE, picture=Picture(source="b.png", alt="Small", data=make_png(100, 50)))
    blocks.add(BlockKind.PICTURE, picture=Picture(source="again.png", alt="Big", data=make_png(1200, 300)))
    blocks.add(BlockKind.PICTURE, picture=Picture(source="c.svg", alt="Drawing", data=b"<svg/>"))
    part = compile_edition(make_series(tuple(blocks.made)), frame, templates).parts[0]
    assert len(part.pictures) == 2
    assert not any("back" in picture.filename for picture in part.pictures), "file names could tell"
    tree = lxml.html.document_fromstring("".join(part.html.literals))
    sizes = [(image.get("width"), image.get("height")) for image in tree.iter("img")]
    assert sizes == [("536", "134"), ("100", "50"), ("536", "134")]
    assert "Drawing" in tree.text_content()


def test_a_spanish_series_has_a_spanish_frame_and_hours(series, frame, templates) -> None:
    part = compile_edition(replace(series, language="es-US"), frame, templates).parts[1]
    text = " ".join("".join(part.text.literals).split())
    assert "Parte 2 de 3" in text
    assert part.greeting_named == "Hola, {name}:"
    assert "en días hábiles" in text
    assert "Unsubscribe" not in text + "".join(part.html.literals)


def test_a_right_to_left_series_says_so_everywhere(series, make_frame, templates) -> None:
    frame = make_frame()
    hebrew = replace(frame.catalogs["es"], language="he")
    part = compile_edition(
        replace(series, language="he-IL"), make_frame(catalogs={"he": hebrew}), templates
    ).parts[0]
    tree = lxml.html.document_fromstring("".join(part.html.literals))
    assert tree.get("dir") == "rtl"
    assert tree.body.find("div[@dir]").get("dir") == "rtl"
    assert "text-align:right" in tree.xpath("//td[contains(@class, 'card-cell')]/@style")[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("first-weeks", "first-weeks.clinic.example.org"), ("Dos Días!", "dos-d-as.clinic.example.org")],
)
def test_the_list_id_is_a_name_below_the_senders_domain(name: str, expected: str) -> None:
    assert list_id(name, "series@Clinic.example.org") == expected


def test_parts_out_of_order_are_refused(series, frame, templates) -> None:
    with pytest.raises(PipelineError, match="numbered"):
        compile_edition(replace(series, parts=series.parts[1:]), frame, templates)
    with pytest.raises(PipelineError, match="no parts"):
        compile_edition(replace(series, parts=()), frame, templates)


def test_a_line_break_that_the_author_set_is_one_in_both_bodies(
    make_series, frame, templates, blocks
) -> None:
    blocks.add(BlockKind.PARAGRAPH, "First line\nsecond ", Run(text="bold\nline", strong=True))
    (part,) = compile_edition(make_series(tuple(blocks.made)), frame, templates).parts
    html = re.sub(r" style='[^']*'| style=\"[^\"]*\"", "", "".join(part.html.literals))
    assert "First line<br>second <strong>bold<br>line</strong></p>" in html
    assert "\nFirst line\nsecond bold\nline\n" in "".join(part.text.literals)


def test_the_page_in_the_browser_leaves_out_the_button_that_leads_to_it(edition, make_recipient) -> None:
    for part in edition.parts:
        html = compose(edition, part.number, make_recipient(), trial=False).html
        page = without_mail_only(html)
        assert html.count("in your browser") == 2, "the link and its twin for Outlook"
        assert "in your browser" not in page
        assert "mail only" not in page
        assert page.count("<div") == page.count("</div>")
        assert part.title in page


def test_the_last_part_leads_to_the_whole_article(edition) -> None:
    for part in edition.parts:
        is_last = part.number == len(edition.parts)
        for skeleton in (part.html, part.text):
            assert ("the whole article" in "".join(skeleton.literals)) is is_last
