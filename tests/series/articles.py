"""Articles for the tests, written as short marked lines, and strategies that make any article."""

import hashlib
from itertools import count

from hypothesis import strategies as st

from pipeline.article.model import Article, Block, BlockKind, LeftOut, Picture, Run

K = BlockKind
#: Marks at a line's start; anything else is a paragraph.
MARKS = {
    "# ": (K.TITLE, None),
    "~ ": (K.SUBTITLE, None),
    "## ": (K.HEADING, 2),
    "### ": (K.HEADING, 3),
    "#### ": (K.HEADING, 4),
    "- ": (K.LIST_ITEM, None),
    "> ": (K.QUOTE, None),
    "! ": (K.CAPTION, None),
    "% ": (K.PICTURE, None),
    "| ": (K.TABLE_ROW, None),
}


def words(number: int, seed: str = "word") -> str:
    """A sentence of so many words, each with a number of its own."""
    return " ".join(f"{seed}{at}" for at in range(1, number + 1)) + "."


def block(line: str, number: int, *, group: int | None = None) -> Block:
    mark = next((mark for mark in MARKS if line.startswith(mark)), "")
    kind, level = MARKS.get(mark, (K.PARAGRAPH, None))
    text = line.removeprefix(mark)
    picture = Picture(source="p.png", alt=text) if kind is K.PICTURE else None
    runs = () if kind is K.PICTURE else (Run(text=text),)
    return Block(
        id=number, kind=kind, level=level, runs=runs, line=2 * number - 1, picture=picture, group=group
    )


def blocks(*lines: str) -> tuple[Block, ...]:
    return tuple(block(line, number) for number, line in enumerate(lines, 1))


def article(*lines: str, name: str = "article.txt", left_out: tuple[LeftOut, ...] = ()) -> Article:
    made = blocks(*lines)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return Article(name=name, digest=digest, blocks=made, left_out=left_out)


def sectioned(sections: int, paragraphs: int = 2, length: int = 60) -> Article:
    """A title, and sections of equal paragraphs, each word its own."""
    seeds = (f"s{number}" for number in count())
    lines = ["# A title for the whole article"]
    for section in range(1, sections + 1):
        lines.append(f"## Section number {section}")
        lines += [words(length, next(seeds)) for _ in range(paragraphs)]
    return article(*lines)


_MARKS = st.sampled_from([*MARKS, "", "", "", "", "", "", "- ", "- ", "## "])
_TEXTS = st.one_of(
    st.integers(1, 90).map(words),
    st.integers(1, 12).map(lambda number: words(number).rstrip(".") + ":"),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
        str.strip
    ),
)


@st.composite
def any_lines(draw: st.DrawFn, most: int = 40) -> list[str]:
    """Marked lines of every kind, in any order."""
    pairs = draw(st.lists(st.tuples(_MARKS, _TEXTS), min_size=1, max_size=most))
    return [mark + text for mark, text in pairs]


@st.composite
def any_blocks(draw: st.DrawFn, most: int = 40) -> tuple[Block, ...]:
    """Blocks of every kind; some of them in groups, as lists, quotes and tables are."""
    lines = draw(any_lines(most))
    made, group = [], None
    for number, line in enumerate(lines, 1):
        step = draw(st.sampled_from(["same", "same", "next", "none"]))
        group = {"same": group, "next": number, "none": None}[step]
        made.append(block(line, number, group=group))
    return tuple(made)


def article_of(made: tuple[Block, ...]) -> Article:
    text = "\n".join(one.text for one in made)
    return Article(name="article.txt", digest=hashlib.sha256(text.encode()).hexdigest(), blocks=made)
