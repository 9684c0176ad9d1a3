"""A hand-made series with every kind of block, a frame around it, and the bundled templates."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.article.model import Article, Block, BlockKind, Picture, Run
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.compose import Recipient
from pipeline.rendering.frame import Frame
from pipeline.rendering.loader import TemplateSource
from pipeline.rendering.model import Edition, Slot
from pipeline.rendering.safety import parse_safety
from pipeline.sections.clinic import Brand, Clinic, Sender
from pipeline.series.model import Part, Purpose, Series

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"

SAFETY = """
language = "{language}"
version = "test-1"
approved_by = "A. Example, PT"
title = "{title}"

[[level]]
kind = "emergency"
heading = "Call 911 or go to an emergency room"
lead = "Go at once if you notice any of these:"
items = [
  "numbness around your genitals or bottom",
  "new trouble holding or passing urine or stool",
  "weakness or numbness in both legs",
  "chest pain",
]

[[level]]
kind = "urgent"
heading = "Get help the same day"
lead = "See a doctor the same day for:"
items = ["a fever with back pain", "pain that gets worse every night", "weight loss you cannot explain"]

[[level]]
kind = "call_us"
heading = "Call {{clinic}}"
lead = "We answer {{phone_hours}}."
items = ["pain that is worse than you expected", "soreness that lasts longer than two days"]
"""


def png(width: int, height: int, colour: tuple[int, int, int] = (126, 170, 160)) -> bytes:
    """A plain PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + bytes(colour) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(row * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class Blocks:
    """Makes blocks with running ids."""

    def __init__(self) -> None:
        self.made: list[Block] = []

    def add(self, kind: BlockKind, *runs: Run | str, **fields) -> "Blocks":
        parts = tuple(run if isinstance(run, Run) else Run(text=run) for run in runs)
        self.made.append(Block(id=len(self.made) + 1, kind=kind, runs=parts, **fields))
        return self


def rich_blocks() -> tuple[Block, ...]:
    """Every kind of block once, nested lists and marks included."""
    cells = ((Run(text="Day"),), (Run(text="What you may feel"),))
    first = ((Run(text="1 to 2"),), (Run(text="Sore, like after gardening"),))
    second = ((Run(text="3 to 4"),), (Run(text="Better"),))
    return tuple(
        Blocks()
        .add(BlockKind.HEADING, "1. Why it can hurt at first", level=2, numbered=True)
        .add(
            BlockKind.PARAGRAPH,
            "Muscles that rested for long now ",
            Run(text="work again", strong=True),
            ". That can make you sore & stiff for a day or two. You can read ",
            Run(text="how soreness works", link="https://www.example.org/soreness?a=1&b=2"),
            ".",
        )
        .add(BlockKind.HEADING, "What helps", level=3)
        .add(BlockKind.LIST_ITEM, "Keep moving, a little every hour", group=1)
        .add(BlockKind.LIST_ITEM, "Walk on flat ground", group=1, depth=1)
        .add(BlockKind.LIST_ITEM, "Stop before it gets sharp", group=1, depth=1)
        .add(BlockKind.LIST_ITEM, "Use warmth, for example a warm shower in the morning", group=1)
        .add(BlockKind.PARAGRAPH, "Then, in this order:")
        .add(BlockKind.LIST_ITEM, "Breathe out as you lift", group=2, ordinal=1)
        .add(BlockKind.LIST_ITEM, "Rest between sets", group=2, ordinal=2)
        .add(BlockKind.QUOTE, "I was sore for two days, and then I could tie my shoes again.", group=3)
        .add(BlockKind.PICTURE, picture=Picture(source="walk.png", alt="A person walks", data=png(900, 420)))
        .add(BlockKind.CAPTION, "A short walk counts.")
        .add(BlockKind.HEADING, "What to expect", level=3)
        .add(BlockKind.TABLE_ROW, "Day | What you may feel", cells=cells, header=True, group=4)
        .add(BlockKind.TABLE_ROW, "1 to 2 | Sore, like after gardening", cells=first, group=4)
        .add(BlockKind.TABLE_ROW, "3 to 4 | Better", cells=second, group=4)
        .made
    )


def series_of(*bodies: tuple[Block, ...], language: str = "en-US", name: str = "first-weeks") -> Series:
    """A series with one part per body."""
    titles = ["What to expect", "Why it can hurt at first", "When to rest", "Moving well", "Your next weeks"]
    parts = tuple(
        Part(
            number=number,
            title=titles[(number - 1) % 5],
            subject="Part {number} of {total} from {clinic}",
            preheader="A few minutes to read",
            day=3 * number,
            recap=titles[(number - 2) % 5] if number > 1 else None,
            teaser=titles[number % 5] if number < len(bodies) else None,
            blocks=body,
        )
        for number, body in enumerate(bodies, 1)
    )
    every = tuple(block for body in bodies for block in body)
    article = Article(name="article.txt", digest="0" * 64, blocks=every)
    return Series(
        name=name,
        title="Your first weeks",
        language=language,
        purpose=Purpose.TREATMENT,
        article=article,
        parts=parts,
    )


def paragraphs(*texts: str) -> tuple[Block, ...]:
    """Plain paragraphs."""
    blocks = Blocks()
    for text in texts:
        blocks.add(BlockKind.PARAGRAPH, text)
    return tuple(blocks.made)


def frame_with(**changes) -> Frame:
    """A complete frame; ``changes`` replace its fields."""
    fields = {
        "clinic": Clinic(
            name="Riverbend Physical Therapy",
            address="200 Example Street, Austin, TX 78701",
            phone="+1 512 555 0142",
            phone_hours="Monday to Friday, 8 am to 6 pm",
            time_zone="America/Chicago",
        ),
        "sender": Sender(
            from_name="Riverbend Physical Therapy",
            from_address="series@clinic.example.org",
            reply_to="frontdesk@clinic.example.org",
            reply_hours="on weekdays, within one working day",
        ),
        "brand": Brand(),
        "safety": {
            language: parse_safety(
                SAFETY.format(language=language, title="When to get help"), name=f"{language}.toml"
            )
            for language in ("en-US", "es-US", "he-IL")
        },
        "catalogs": TemplateSource((TEMPLATES,)).catalogs(),
        "public_url": "https://patients.clinic.example.org",
        "words_per_minute": 200,
    }
    return Frame(**{**fields, **changes})


@pytest.fixture(scope="session")
def make_series() -> Callable[..., Series]:
    return series_of


@pytest.fixture(scope="session")
def make_frame() -> Callable[..., Frame]:
    return frame_with


@pytest.fixture(scope="session")
def make_png() -> Callable[..., bytes]:
    return png


@pytest.fixture(scope="session")
def text_blocks() -> Callable[..., tuple[Block, ...]]:
    return paragraphs


@pytest.fixture
def blocks() -> Blocks:
    return Blocks()


@pytest.fixture(scope="session")
def rich() -> tuple[Block, ...]:
    return rich_blocks()


@pytest.fixture
def own_templates(tmp_path: Path) -> Callable[..., TemplateSource]:
    """A clinic's own template files over the bundled ones: ``own_templates(**{"next.html": "…"})``."""

    def write(files: dict[str, str]) -> TemplateSource:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return TemplateSource((tmp_path, TEMPLATES))

    return write


@pytest.fixture(scope="session")
def links() -> dict[Slot, str]:
    address = "https://patients.clinic.example.org/{}/AbC-123_x?a=1&b=2"
    return {slot: address.format(slot.value) for slot in Slot if slot.value.endswith("_url")}


@pytest.fixture(scope="session")
def make_recipient(links: dict[Slot, str]) -> Callable[..., Recipient]:
    def make(**changes) -> Recipient:
        fields = {"to": "ana@example.org", "given": "Ana", "links": links, "key": "d-0042.k7"}
        return Recipient(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def templates() -> TemplateSource:
    return TemplateSource((TEMPLATES,))


@pytest.fixture(scope="session")
def frame() -> Frame:
    return frame_with()


@pytest.fixture(scope="session")
def series() -> Series:
    return series_of(paragraphs("We are glad that you are here."), rich_blocks(), paragraphs("Rest well."))


@pytest.fixture(scope="session")
def edition(series: Series, frame: Frame, templates: TemplateSource) -> Edition:
    return compile_edition(series, frame, templates)
