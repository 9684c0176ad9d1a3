"""The preview's pages over real HTTP: everything by address alone, nothing of an article can run."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from starlette.applications import Starlette

from pipeline.app.authoring import Compiled, Desk
from pipeline.app.samples import SAMPLE_PATIENTS, sample_message
from pipeline.app.settings import sample_settings
from pipeline.app.watching import Watched
from pipeline.errors import Place, SeriesError
from pipeline.rendering.model import Finding, Severity
from pipeline.rendering.page import pages as checked_pages
from pipeline.rendering.page import preview_line, seen_words
from pipeline.web.pages import Pages, SafeHeaders
from pipeline.web.preview import PreviewPages, day_in_words
from pipeline.web.preview_choices import Choices, Look, Scheme, Width, switches
from pipeline.web.preview_email import MARK, framed, in_scheme, marked, place_of
from pipeline.web.preview_findings import counts, views
from pipeline.web.preview_live import Live
from pipeline.web.server import bind, serving

ROOT = Path(__file__).parent.parent.parent
ARTICLES = ["first-weeks", *map(str, sorted((ROOT.parent / "shared" / "data" / "article").glob("*.txt")))]


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk.open(sample_settings())


@pytest.fixture(scope="module", params=ARTICLES, ids=lambda name: Path(name).name)
def any_article(request, desk: Desk) -> Compiled:
    return desk.compiled(request.param)


@pytest.fixture(scope="module")
def compiled(desk: Desk) -> Compiled:
    """The sample series, with a finding of every weight about part 1."""
    plain = desk.compiled("first-weeks")
    page = next(checked_pages(plain.edition))
    heading = page.tree.getroottree().getpath(page.tree.find(".//h1"))
    block = next(each for each in plain.series.parts[0].blocks if each.line is not None)
    found = [
        Finding(code="a", severity=Severity.ERROR, message="The heading is <b>bad</b>.", mend="mend & see",
                part=1, place="<h1>", why="Patients stumble.", path=heading),
        Finding(code="b", severity=Severity.WARNING, message="Words.", mend="shorter", part=1,
                line=block.line),
        Finding(code="c", severity=Severity.ADVICE, message="The whole.", mend="think"),
    ]  # fmt: skip
    return replace(plain, findings=tuple(found))


@dataclass
class Shown:
    """A running preview; what it shows can be changed."""

    url: str
    watched: Watched[Compiled]
    live: Live
    file: Path
    make: Callable[[], Compiled]

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=30, allow_redirects=False)

    def tree(self, path: str):
        return html.document_fromstring(self.get(path).content)


@pytest.fixture
def shown(desk: Desk, compiled: Compiled, tmp_path: Path) -> Iterator[Shown]:
    file = tmp_path / "article.md"
    file.write_text("one")
    watched: Watched[Compiled] = Watched(lambda: site.make(), lambda _made: [file])  # noqa: PLW0108 - it changes
    live = Live(watched)
    pages = Pages(desk.templates.folders, brand_colour=desk.config.brand.colour)
    frame = {"clinic": desk.config.clinic, "mode": "", "style": "/style.css", "navigation": []}
    preview = PreviewPages(watched, pages, prefix="", frame=lambda _path: frame, live=live)
    site = Shown(url="", watched=watched, live=live, file=file, make=lambda: compiled)
    with ExitStack() as running:
        app = SafeHeaders(Starlette(routes=list(preview.routes())))
        site.url = running.enter_context(serving(app, bind("127.0.0.1", 0)))
        running.callback(live.close)
        yield site


def words(tree) -> str:
    return " ".join(tree.text_content().split())


def test_the_list_says_of_every_part_what_a_person_wants_to_know(shown: Shown, compiled: Compiled) -> None:
    rows = shown.tree("/").xpath("//ol[@class='parts']/li")
    assert len(rows) == len(compiled.edition.parts)
    for row, part, page in zip(rows, compiled.edition.parts, checked_pages(compiled.edition), strict=True):
        kilobytes = len(sample_message(compiled, part.number, trial=False).html.encode()) / 1000
        for said in (
            f"Part {part.number} of {len(rows)}", "min", day_in_words(part.day), part.title, part.subject,
            preview_line(page.tree), f"{kilobytes:.0f} of 102 KB",
        ):  # fmt: skip
            assert said in words(row), said
    assert "1 error" in words(rows[0])
    assert "1 warning" in words(rows[0])
    assert "no findings" in words(rows[1])
    whole = shown.tree("/").xpath("//ul[@class='findings']/li")
    assert ["The whole." in words(each) for each in whole] == [True]


def test_a_parts_findings_say_what_why_how_and_where(shown: Shown, compiled: Compiled) -> None:
    tree = shown.tree("/parts/1")
    error, warning = tree.xpath("//ul[@class='findings']/li")
    for said in ("Error", "The heading is <b>bad</b>.", "Patients stumble.", "mend & see", "<h1>"):
        assert said in words(error)
    block = next(each for each in compiled.series.parts[0].blocks if each.line is not None)
    assert f"Line {block.line} of the article" in words(warning)
    assert " ".join(block.text.split()) in words(warning)
    signs = [sign.get("class") for sign in tree.xpath("//ul[@class='findings']//span[@aria-hidden='true']")]
    assert signs == ["sign error", "sign warning"], "a shape each, not a colour alone"


def test_choosing_a_finding_leads_the_frames_to_its_element(shown: Shown, compiled: Compiled) -> None:
    (link,) = shown.tree("/parts/1").xpath("//ul[@class='findings']//a/@href")
    page = shown.tree(link)
    assert page.xpath("//li[contains(@class, 'chosen')]//a/@aria-current") == ["true"]
    frames = page.xpath("//iframe/@src")
    assert len(frames) == 2
    for frame in frames:
        assert frame.endswith(f"#{MARK}")
        (element,) = shown.tree(frame).xpath(f"//*[@id='{MARK}']")
        assert element.tag == "h1"


def test_every_switch_works_by_its_address_alone_and_keeps_the_others(shown: Shown) -> None:
    start = "/parts/1?scheme=dark&images=off"
    for form in shown.tree(start).xpath("//form"):
        carried = {each.get("name"): each.get("value") for each in form.xpath(".//input[@type='hidden']")}
        for button in form.xpath(".//button[@name]"):
            query = {**carried, button.get("name"): button.get("value")}
            address = form.get("action") + "?" + "&".join(f"{name}={value}" for name, value in query.items())
            chosen = shown.tree(address)
            on = f"//button[@name='{button.get('name')}' and @aria-pressed='true']/@value"
            assert chosen.xpath(on) == [button.get("value")]
            kept = Choices.read(query)
            assert button.get("name") == "scheme" or kept.scheme is Scheme.DARK
            assert button.get("name") == "images" or not kept.images
            for frame in chosen.xpath("//iframe/@src"):
                assert shown.get(frame).status_code == 200


def test_text_source_and_headers_are_shown_as_they_are_sent(shown: Shown, compiled: Compiled) -> None:
    message = sample_message(compiled, 2)
    for look, expected in ((Look.TEXT, message.text), (Look.SOURCE, message.html)):
        (pre,) = shown.tree(f"/parts/2?look={look}").xpath("//pre")
        assert pre.text_content().split() == expected.split()
    headers = shown.tree("/parts/2?look=headers").xpath("//pre")[0].text_content()
    for name, value in message.headers:
        assert f"{name}: {value}" in headers


@pytest.mark.parametrize(
    "query",
    ["look=x", "scheme=", "patient=nobody", "finding=zzz", "finding=" + "9" * 400, "images=maybe", "%00=%FF"],
)
def test_a_query_that_makes_no_sense_shows_the_part_all_the_same(shown: Shown, query: str) -> None:
    for path in ("/parts/1", "/parts/1/email"):
        assert shown.get(f"{path}?{query}").status_code == 200
    assert MARK not in shown.get(f"/parts/1/email?{query}").text.partition("<body")[0]


@pytest.mark.parametrize("path", ["/parts/0", "/parts/99", "/parts/99/email", "/parts/x"])
def test_a_part_that_is_not_there_is_not_found(shown: Shown, path: str) -> None:
    assert shown.get(path).status_code == 404


def test_pages_run_only_our_own_script_and_emails_run_none(shown: Shown) -> None:
    for path in ("/", "/parts/1"):
        answer = shown.get(path)
        assert re.findall(r"<script[^>]*>", answer.text) == ['<script src="/preview.js" defer>']
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    for frame in shown.tree("/parts/1").xpath("//iframe"):
        assert frame.get("sandbox") == "", "nothing is allowed"
    for query, images in (("", "img-src data:"), ("?images=off", "img-src 'none'")):
        policy = shown.get(f"/parts/1/email{query}").headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert policy.endswith("; sandbox")
        assert images in policy
        assert "script-src" not in policy


def test_a_series_that_does_not_compile_is_a_calm_page_that_recovers(
    shown: Shown, compiled: Compiled
) -> None:
    def broken() -> Compiled:
        where = Place(file="series.toml", line=7)
        raise SeriesError("Part 2 is <empty>.", where=where, mend="give it a heading")

    shown.make = broken
    shown.file.write_text("broken")
    for path in ("/", "/parts/1", "/parts/1/email"):
        answer = shown.get(path)
        assert answer.status_code == 422
        for said in ("Part 2 is &lt;empty&gt;.", "series.toml, line 7", "give it a heading", "data-changes"):
            assert said in answer.text
    shown.make = lambda: compiled
    shown.file.write_text("mended again")
    assert shown.get("/parts/1").status_code == 200


def test_a_waiting_page_hears_of_a_save_and_of_nothing_else(shown: Shown) -> None:
    (seen,) = shown.tree("/").xpath("//@data-version")
    assert shown.get("/changes?seen=another").json() == {"version": seen}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(shown.get, f"/changes?seen={seen}")
        assert shown.get("/parts/1").status_code == 200
        assert not waiting.done()
        shown.file.write_text("saved now")
        shown.watched.look()
        assert waiting.result().json()["version"] != seen


def test_the_end_of_the_preview_lets_waiting_pages_go(shown: Shown) -> None:
    (seen,) = shown.tree("/").xpath("//@data-version")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(shown.get, f"/changes?seen={seen}")
        shown.live.close()
        assert waiting.result(timeout=20).json() == {"version": seen}


@settings(deadline=None, max_examples=200)
@given(
    look=st.sampled_from(Look), scheme=st.sampled_from(Scheme), width=st.sampled_from(Width),
    images=st.booleans(), trial=st.booleans(), patient=st.sampled_from(SAMPLE_PATIENTS),
    finding=st.text("0123456789abcdef", max_size=10),
)  # fmt: skip
def test_choices_survive_the_way_through_an_address(**fields) -> None:
    chosen = Choices(**fields)
    assert Choices.read(dict(chosen.pairs())) == chosen
    for group in switches(chosen):
        assert [on for _, _, on in group.options].count(True) == 1
        assert group.name not in dict(group.hidden)


@pytest.mark.parametrize("scheme", Scheme)
def test_a_forced_scheme_asks_no_device_and_leaves_the_words_alone(
    compiled: Compiled, scheme: Scheme
) -> None:
    message = sample_message(compiled, 1).html.replace(
        "Hello Ana", "I wrote (prefers-color-scheme: dark) and color-scheme: dark; here, Ana"
    )
    settled = in_scheme(message, scheme)
    assert "prefers-color-scheme" not in settled.partition("</head>")[0]
    assert settled.partition("</head>")[2] == message.partition("</head>")[2]
    assert f'<meta name="color-scheme" content="{scheme}">' in settled
    assert in_scheme(settled, scheme) == settled


def test_without_pictures_their_words_stay(compiled: Compiled) -> None:
    for part in compiled.edition.parts:
        with_pictures, _ = framed(compiled, part.number, Choices())
        without, _ = framed(compiled, part.number, Choices(images=False))
        assert "data:" not in without
        assert re.findall(r'alt="[^"]*"', without) == re.findall(r'alt="[^"]*"', with_pictures)


@pytest.mark.parametrize("trial", [True, False])
def test_any_element_can_be_marked_and_nothing_else_changes(any_article: Compiled, *, trial: bool) -> None:
    for page in checked_pages(any_article.edition):
        number = page.part.number
        message = sample_message(any_article, number, trial=trial)
        for element in list(page.tree.body.iter("h1", "h2", "p", "li", "img", "a", "td"))[::9]:
            path = page.tree.getroottree().getpath(element)
            order = place_of(any_article, number, path, trial=trial)
            if order is None:
                assert not trial
                assert "trial" in (element.get("class") or ""), "only the banner itself is gone"
                continue
            changed = marked(message.html, order)
            (found,) = html.document_fromstring(changed).xpath(f"//*[@id='{MARK}']")
            assert found.tag == element.tag
            same = seen_words(found).replace("Hello Ana", "Hello Wilhelmina") == seen_words(element)
            assert same or not trial, "without the banner a cell around it has fewer words"
            without_style = re.sub(rf"<style>#{MARK} .*?</style>", "", changed)
            assert without_style.replace(f' id="{MARK}"', "") == message.html


def test_real_findings_with_an_element_can_all_be_shown(any_article: Compiled) -> None:
    for finding in any_article.findings:
        if finding.path and finding.part:
            assert place_of(any_article, finding.part, finding.path, trial=True) is not None


def test_a_findings_name_in_addresses_outlives_the_mending_of_others(compiled: Compiled) -> None:
    before = {each.finding: each.id for each in views(compiled, 1)}
    mended = replace(compiled, findings=compiled.findings[1:])
    assert {each.finding: each.id for each in views(mended, 1)}.items() <= before.items()
    assert len(set(before.values())) == len(before)


def test_counts_are_in_words_worst_first(compiled: Compiled) -> None:
    doubled = [*compiled.findings, *compiled.findings]
    assert [each.text for each in counts(doubled)] == ["2 errors", "2 warnings", "2 advice"]
    assert [each.text for each in counts(compiled.findings)] == ["1 error", "1 warning", "1 advice"]


def test_hostile_words_of_an_article_stay_words_on_our_pages(shown: Shown, compiled: Compiled) -> None:
    evil = "<script>alert(1)</script>\"'"
    parts = tuple(replace(part, title=evil, subject=evil) for part in compiled.edition.parts)
    shown.make = lambda: replace(
        compiled,
        edition=replace(compiled.edition, parts=parts),
        series=replace(compiled.series, title=evil),
        findings=tuple(
            replace(each, message=evil, mend=evil, place=evil, why=evil) for each in compiled.findings
        ),
    )
    shown.file.write_text("hostile")
    for path in ("/", "/parts/1", "/parts/1?look=headers", "/parts/1?look=source"):
        text = shown.get(path).text
        assert text.count("<script") == 1
        assert evil in unescape(text)
