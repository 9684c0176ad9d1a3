import pytest

from pipeline.errors import Place, TemplateError
from pipeline.rendering.model import Slot
from pipeline.rendering.slots import Tokens, check_places, cut

TOKENS = Tokens.drawn_from(["an article"])
NAME, LINK = TOKENS.of("greeting"), TOKENS.of("view_url")
HERE = Place(file="part.html")


def page(body: str) -> str:
    return f"<!DOCTYPE html><html><head><title>t</title></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "body",
    [
        f"<p>{NAME}</p>",
        f"<p>{LINK}</p>",
        f'<a href="{LINK}">go</a>',
        f"<a href='{LINK}'>go</a>",
        f'<img src="cid:x" alt="{NAME}">',
        f'<a title="5 > 4" href="{LINK}">go</a>',
        f'<!--[if mso]><v:roundrect href="{LINK}">x</v:roundrect><![endif]-->',
        f'<!--[if gte mso 9]><v:rect href="{LINK}">x</v:rect><![endif]-->',
    ],
)
def test_text_and_whole_quoted_links_are_safe_places(body: str) -> None:
    check_places(page(body), TOKENS, where=HERE)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (f"<style>a{{content:'{NAME}'}}</style>", "inside <style>"),
        (f"<script>x='{NAME}'</script>", "inside <script>"),
        (f"<textarea>{NAME}</textarea>", "inside <textarea>"),
        (f"<noscript>{NAME}</noscript>", "inside <noscript>"),
        (f"<svg><text>{NAME}</text></svg>", "inside <svg>"),
        (f"<!-- {NAME} -->", "inside a comment"),
        (f"<!--[if !mso]> {NAME} <![endif]-->", "inside a comment"),
        (f"<!--[if mso]><p>{NAME}</p><![endif]-->", "comment for Outlook"),
        (f'<!--[if mso]><a onclick="{LINK}">x</a><![endif]-->', "a link takes the whole of an href"),
        (f"<a href={LINK}>go</a>", "without quotes"),
        (f'<a href="{LINK}?x=1">go</a>', "the whole of an href"),
        (f'<a href="javascript:{LINK}">go</a>', "the whole of an href"),
        (f'<a href="{NAME}">go</a>', "attribute href"),
        (f'<img src="{LINK}">', "attribute src"),
        (f'<p onclick="{NAME}">x</p>', "attribute onclick"),
        (f'<p style="color:{NAME}">x</p>', "attribute style"),
        (f"<p {NAME}>x</p>", "name of an attribute"),
        (f"<p {NAME}=x>x</p>", "name of an attribute"),
        (f"<x{NAME}>x</x>", "name of an element"),
        (f'<p title="a" {NAME}="b">x</p>', "name of an attribute"),
    ],
)
def test_every_other_place_is_refused_by_name(body: str, says: str) -> None:
    with pytest.raises(TemplateError) as error:
        check_places(page(body), TOKENS, where=HERE)
    assert says in str(error.value)
    assert error.value.where == HERE


@pytest.mark.parametrize(
    "body", [f"</p {NAME}>", f"<![CDATA[{NAME}]]>", f"<? {NAME} ?>", f"<!DOCTYPE {NAME}>"]
)
def test_a_slot_in_odd_markup_is_refused(body: str) -> None:
    with pytest.raises(TemplateError):
        check_places(page(f"<p>x{body}</p>"), TOKENS, where=HERE)


def test_a_text_is_cut_at_its_slots_in_order() -> None:
    skeleton = cut(f"a{NAME}b{LINK}c", TOKENS, where=HERE)
    assert skeleton.literals == ("a", "b", "c")
    assert skeleton.slots == (Slot.GREETING, Slot.VIEW_URL)
    assert skeleton.join({Slot.GREETING: "1", Slot.VIEW_URL: "2"}) == "a1b2c"


@pytest.mark.parametrize("changed", [NAME.upper(), NAME.lower(), NAME[:-2], NAME.replace("HPX", "")])
def test_a_slot_that_a_filter_changed_is_an_error(changed: str) -> None:
    with pytest.raises(TemplateError, match="changed"):
        cut(f"a{changed}b", TOKENS, where=HERE)


def test_what_only_looks_like_a_token_is_text() -> None:
    lookalike = Tokens.drawn_from(["another article"]).of("greeting")
    assert cut(f"a {lookalike} b", TOKENS, where=HERE).slots == ()


def test_the_same_input_gives_the_same_tokens() -> None:
    assert Tokens.drawn_from(["a", "b"]) == Tokens.drawn_from(["a", "b"])
    assert Tokens.drawn_from(["a", "b"]) != Tokens.drawn_from(["ab"])
