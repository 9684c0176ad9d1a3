"""A series becomes an edition: every part rendered, inlined once, cut at its slots, frozen.

In charge of: the order of those steps, and what every email must hold before it exists. Not in charge
of: findings a person may weigh (``checks``), a patient's values (``compose``), approval (``actions``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import Place, SeriesError, TemplateError
from pipeline.rendering.edition import sealed
from pipeline.rendering.frame import Frame
from pipeline.rendering.inlining import inlined
from pipeline.rendering.loader import Job, Runner, TemplateSource, run_here
from pipeline.rendering.model import CompiledPart, Edition, Slot
from pipeline.rendering.required import check_required
from pipeline.rendering.slots import Tokens, check_places, cut
from pipeline.rendering.views import Prepared, Setting, context, prepared, setting_for
from pipeline.series.model import Part, Series

HTML_TEMPLATE, TEXT_TEMPLATE = "part.html", "part.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One part as HTML (styles inlined) and plain text, slots not yet cut."""

    html: str
    text: str


def compile_edition(
    series: Series, frame: Frame, templates: TemplateSource, run: Runner = run_here
) -> Edition:
    """Compile ``series`` with ``frame`` into an edition; the same input gives the same bytes.

    ``run`` runs the templates; ``app`` hands in one with limits of time and memory. Raises
    TemplateError, SeriesError or ConfigError with place and mend; there is no half edition.
    """
    setting = setting_for(series, frame, templates)
    parts = [prepared(part, setting) for part in _numbered(series)]
    tokens = Tokens.drawn_from((repr(series), repr(frame), repr(setting.styles)))
    rendered = render(parts, setting, templates, tokens.slots(), tokens=tokens, run=run)
    compiled = tuple(
        _compiled(ready, one, setting, tokens, templates) for ready, one in zip(parts, rendered, strict=True)
    )
    return sealed(
        Edition(
            sha256="",
            series=series.name,
            title=series.title,
            language=series.language,
            purpose=series.purpose,
            from_name=frame.sender.from_name,
            from_address=frame.sender.from_address,
            reply_to=frame.sender.reply_to,
            list_id=list_id(series.name, frame.sender.from_address),
            parts=compiled,
            calendar=series.calendar,
        )
    )


def render(
    parts: list[Prepared],
    setting: Setting,
    templates: TemplateSource,
    slots: Mapping[str, str],
    *,
    tokens: Tokens,
    run: Runner = run_here,
) -> tuple[Rendered, ...]:
    """Run the templates of ``parts`` and inline each page once.

    With tokens in ``slots`` this is the first half of compiling; with one patient's values it is the
    slow way that compiling replaces (tests and benchmarks compare the two).
    """
    jobs = [
        Job(
            template=HTML_TEMPLATE if html else TEXT_TEMPLATE,
            context=context(ready, setting, slots, tokens=tokens, html=html),
            catalog=setting.catalog,
        )
        for ready in parts
        for html in (True, False)
    ]
    outputs = run(templates, jobs)
    page = Place(file=str(templates.path(HTML_TEMPLATE)))
    return tuple(
        Rendered(html=_inlined(html.lstrip(), tokens, where=page), text=_tidied(text))
        for html, text in zip(outputs[::2], outputs[1::2], strict=True)
    )


def list_id(series: str, from_address: str) -> str:
    """The RFC 2919 list identifier of a series: its name below the sender's domain."""
    label = re.sub(r"[^a-z0-9]+", "-", series.lower()).strip("-") or "series"
    return f"{label}.{from_address.rpartition('@')[2].lower()}"


def _numbered(series: Series) -> tuple[Part, ...]:
    if not series.parts:
        raise SeriesError("The series has no parts.", where=Place(file=f"{series.name}/series.toml"))
    if [part.number for part in series.parts] != list(range(1, len(series.parts) + 1)):
        raise SeriesError(
            "The parts of the series are not numbered 1, 2, 3 …",
            where=Place(file=f"{series.name}/series.toml"),
        )
    return series.parts


def _compiled(
    ready: Prepared, rendered: Rendered, setting: Setting, tokens: Tokens, templates: TemplateSource
) -> CompiledPart:
    page = Place(file=str(templates.path(HTML_TEMPLATE)))
    note = Place(file=str(templates.path(TEXT_TEMPLATE)))
    html, trial_html = _without_trial(rendered.html, tokens, "<!--{}-->", where=page)
    text, trial_text = _without_trial(rendered.text, tokens, "{}\n", where=note)
    part = CompiledPart(
        number=ready.part.number,
        title=ready.view.title,
        subject=ready.view.subject,
        day=ready.part.day,
        html=cut(html, tokens, where=page),
        text=cut(text, tokens, where=note),
        trial_html=trial_html,
        trial_text=trial_text,
        greeting_named=setting.catalog.gettext("Hello {name},"),
        greeting_plain=setting.catalog.gettext("Hello,"),
        pictures=ready.pictures,
        calendar=ready.part.calendar,
    )
    check_required(part, setting)
    return part


def _inlined(html: str, tokens: Tokens, *, where: Place) -> str:
    """``html`` inlined; slots are checked where the designer put them and where they came out."""
    check_places(html, tokens, where=where)
    result = inlined(html, where=where)
    check_places(result, tokens, where=where)
    if tokens.found_in(result) != tokens.found_in(html):
        raise TemplateError("The inliner lost a slot.", where=where, mend="put it into text or an href")
    return result


def _without_trial(text: str, tokens: Tokens, mark: str, *, where: Place) -> tuple[str, str]:
    """``text`` with the trial banner as one slot, and the banner by itself."""
    begin, end = (mark.format(tokens.of(name)) for name in ("trialbegin", "trialend"))
    before, has_begin, rest = text.partition(begin)
    banner, has_end, after = rest.partition(end)
    if not (has_begin and has_end and banner.strip()) or begin in after:
        raise TemplateError(
            "The template has no trial banner, or more than one: drafts must be marked as such.",
            where=where,
            mend="put one banner between {{ trial.begin }} and {{ trial.end }}",
        )
    return before + tokens.of(Slot.TRIAL.value) + after, banner


def _tidied(text: str) -> str:
    """No trailing spaces, never more than one empty line in a row, one line break at the end."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
