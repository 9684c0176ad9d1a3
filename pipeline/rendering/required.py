"""What every email must hold, whatever a clinic's own templates look like.

In charge of: refusing a part that lacks a promise of DESIGN 6.3. Not in charge of: findings that a
person may weigh (``checks``).
"""

from collections.abc import Iterator

import lxml.html

from pipeline.errors import Place, TemplateError
from pipeline.rendering.model import CompiledPart, Slot
from pipeline.rendering.views import Setting

#: Links without which no email may go out, and the banner that marks a trial.
_REQUIRED_SLOTS = (
    Slot.GREETING, Slot.UNSUBSCRIBE_URL, Slot.PREFERENCES_URL, Slot.NOT_ME_URL, Slot.TRIAL,
)  # fmt: skip


def check_required(part: CompiledPart, setting: Setting) -> None:
    """Raises TemplateError that names what ``part`` lacks, in HTML or in plain text."""
    page = "".join(part.html.literals)
    seen = {
        "part.html": _words(lxml.html.document_fromstring(page).text_content()),
        "part.txt": _words("".join(part.text.literals)),
    }
    for template, slots in (("part.html", part.html.slots), ("part.txt", part.text.slots)):
        for slot in _REQUIRED_SLOTS:
            if slot not in slots:
                raise _lacking(f"the slot {slot.value!r}", template, f"put {{{{ slot.{slot.value} }}}} back")
        if slots.count(Slot.TRIAL) != 1:
            raise _lacking("one trial banner", template, "use {{ trial.begin }} and {{ trial.end }} once")
        for name, text in _required_texts(setting):
            if _words(text) not in seen[template]:
                raise _lacking(name, template, f"put {{{{ {name} }}}} back")


def _required_texts(setting: Setting) -> Iterator[tuple[str, str]]:
    yield "clinic.address", setting.frame.clinic.address
    yield "clinic.phone", setting.frame.clinic.phone
    yield "clinic.reply_hours", setting.catalog.own(setting.frame.sender.reply_hours)
    yield "the words about emergencies", setting.catalog.gettext("Please do not reply in an emergency.")
    for level in setting.safety.levels:
        yield f"safety heading {level.heading!r}", level.heading
        for item in level.items:
            yield f"safety item {item!r}", item


def _words(text: str) -> str:
    return "".join(text.split())


def _lacking(what: str, template: str, mend: str) -> TemplateError:
    return TemplateError(
        f"The email would go out without {what}.", where=Place(file=f"templates/email/{template}"), mend=mend
    )
