"""Broken, hostile and random files: an article or an ``ArticleError`` in words, soon, and in little memory.

ARTICLE_FUZZ_INPUTS sets how many inputs are tried (300 unless told); ARTICLE_FUZZ_SEED where they begin.
"""

import io
import os
import random
import re
import resource
import time
import zipfile
from pathlib import Path

import pytest

from pipeline.article.reading import read_article
from pipeline.errors import ArticleError

INPUTS = int(os.environ.get("ARTICLE_FUZZ_INPUTS", "300"))
SEED = int(os.environ.get("ARTICLE_FUZZ_SEED", "0"))
LONGEST_SECONDS = 10
MOST_MEGABYTES = 500

MARKDOWN = b"""---
title: Sleep
---
# Sleep

*A caption*

- a
  - b

1. c

| a | b |
|---|---|
| 1 | 2 |

![p](x.png) and [^1] a <b>word</b> <script>y</script>

[^1]: a note

> said

<div><p>hi</p></div>
"""
#: Pieces that parsers stumble over.
TOKENS = [
    b"<div>", b"</p>", b"<table><tr><td>", b"<li>", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"[", b"](",
    b"*", b"**", b"`", b"~~~", b"> ", b"- ", b"1. ", b"|", b"\r", b"\r\n", b"\xe2\x80\xae", b"<!--", b"![",
    b"\xd7\xa9\xd7\x9c", b"]]>", b"&#0;", b"&#xD800;", b"<ol start=99999999999>", b"<img src=//x>",
    b"[^a]: x\n", b"<a href=javascript:1>", b"\t", b"\n\n", b'"', b"\xf0\x9f\x98\x80", b"\xc2\xa0",
    b"<pre>", b"<br><br>", b"<h1>", b"<svg>", b"<template>", b"<frameset>", b"<title>", b"\xc2\xb2", b"(",
    b"\xd9\xa3. ", b"# ", b"---\n", b"<script>", b"\x0c", b")",
]  # fmt: skip
_ELEMENT = re.compile(rb"<w:(p|r|t|tc|tr|pPr|lvl|style)\b.*?</w:\1>", re.DOTALL)
VALUES = [b"-1", b"999999999999", b"x", b"", b"0", b"\xc2\xb2"]


def mutated(chance, data, others):
    """``data`` with some bytes changed, cut, doubled, or taken from other files."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 20, 100])):
        if not data:
            break
        at, length = chance.randrange(len(data)), chance.choice([1, 8, 60, 500])
        match chance.randrange(7):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = chance.choice(TOKENS) * chance.choice([1, 1, 2, 30])
            case 3:
                start = chance.randrange(len(data))
                data[at:at] = data[start : start + length]
            case 4:
                data[at:at] = chance.randbytes(length)
            case 5:
                other = chance.choice(others)[1]
                start = chance.randrange(len(other))
                data[at:at] = other[start : start + length]
            case _:
                data = data[:at] if chance.random() < 0.2 else data
    return bytes(data)


def mutated_inside(chance, data, others):
    """A Word document whose parts are changed and zipped again, so that the damage gets past the zip."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            part = source.read(name)
            if (
                name in {"word/document.xml", "word/styles.xml", "word/numbering.xml"}
                and chance.random() < 0.6
            ):
                broken = chance.random() < 0.2
                part = mutated(chance, part, others) if broken else rearranged(chance, part)
            if chance.random() > 0.03:
                archive.writestr(name, part)
    return target.getvalue()


def rearranged(chance, xml):
    """Well-formed XML still, with elements moved, doubled, dropped, or their values changed."""
    for _ in range(chance.choice([1, 3, 10])):
        spans = [
            found.span()
            for found in re.finditer(rb"<w:(p|r|t|tc|tr|pPr|lvl|style)\b.*?</w:\1>", xml, re.DOTALL)
        ]
        if not spans:
            return xml
        (start, end), (other, stop) = chance.choice(spans), chance.choice(spans)
        inner = xml[start:end]
        values = re.sub(rb'w:val="[^"]*"', b'w:val="' + chance.choice(VALUES) + b'"', inner)
        inner = chance.choice([b"", inner * 3, xml[other:stop], values])
        xml = xml[:start] + inner + xml[end:]
    return xml


@pytest.fixture(scope="module")
def seeds(labelled, make_page, make_document):
    """Small files of every format and style."""
    found = [("a.md", MARKDOWN), ("b.md", MARKDOWN)]
    for path in sorted((Path(__file__).parent / "labelled").glob("*.labelled"))[:6]:
        lines = labelled(path)
        found.append(("a.txt", "\n\n".join(line.as_text for line in lines).encode()))
        found += [("a.html", make_page(lines, style)) for style in ("semantic", "builder", "sized")]
        found += [("a.docx", make_document(lines, style)) for style in ("styled", "mixed")]
    return found


def is_read(data, name):
    """An article with blocks came of it; the one other way to end is an ``ArticleError``."""
    try:
        return bool(read_article(data, name=name).blocks)
    except ArticleError:
        return False


def test_no_input_ends_in_a_traceback_a_hang_or_a_full_memory(seeds):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = 0
    for number in range(SEED, SEED + INPUTS):
        chance = random.Random(number)
        name, data = chance.choice(seeds)
        inside = name.endswith("docx") and chance.random() < 0.7
        data = (mutated_inside if inside else mutated)(chance, data, seeds)
        if chance.random() < 0.1:
            data = chance.randbytes(chance.choice([1, 10, 1000]))
        if chance.random() < 0.15:
            name = "x" + chance.choice([".txt", ".md", ".html", ".docx"])
        began = time.process_time()
        read += is_read(data, name)
        assert time.process_time() - began < LONGEST_SECONDS, f"input {number} ({name})"
    assert read > INPUTS // 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEGABYTES * 1024


#: Files made to exhaust a reader, each a fraction of a second's work to write.
HOSTILE = {
    "deep.html": b"<div>" * 100_000,
    "unclosed.html": b"<b><i><p>x" * 3_000,
    "wide.html": b"<p>some words in a paragraph here</p>" * 200_000,
    "links.html": b"<ul><li><a href=x>link</a></ul>" * 2_000,
    "breaks.html": b"<p>" + b"word<br>" * 15_000,
    "attribute.html": b"<p style='" + b"font-size:" * 200_000 + b"'>x</p>",
    "tables.html": b"<table><tr><td>x" * 500,
    "stars.md": b"*a " * 20_000,
    "brackets.md": b"[" * 20_000 + b"a",
    "links.md": b"[a](b " * 20_000,
    "quotes.md": b">" * 100_000 + b" x",
    "table.md": b"|a|b|\n|-|-|\n" + b"|1|2|\n" * 100_000,
    "notes.md": b"".join(b"[^a%d]: x\n" % number for number in range(5_000)) + b"text",
    "line.txt": b"word " * 200_000,
    "lines.txt": b"Heading line\n\n" * 5_000,
    "numbers.txt": b"".join(b"%d. Item line\n\n" % (number % 50) for number in range(5_000)),
    "sentences.txt": b"One short sentence stands here alone.\n\n" * 5_000,
    "leads.txt": b"a: b:\n\n" * 5_000,
    "spaces.txt": b"x" + b" " * 5_000_000 + b"y",
    "zeros.txt": b"\x00" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_to_exhaust_a_reader_is_read_or_refused_in_time(name):
    began = time.process_time()
    is_read(HOSTILE[name], name)
    assert time.process_time() - began < LONGEST_SECONDS
