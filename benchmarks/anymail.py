"""django-anymail's Postmark backend, as its documentation sets it up, with Django's own template engine.

In charge of: this one peer; importing it configures Django for the process. Not in charge of: timing.
"""

from collections.abc import Callable, Mapping
from typing import Any

import django
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template import engines
from premailer import transform

from benchmarks.material import Material

if not settings.configured:
    settings.configure(
        EMAIL_BACKEND="anymail.backends.postmark.EmailBackend",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        ANYMAIL={"POSTMARK_SERVER_TOKEN": "sample"},
        USE_TZ=True,
    )
    django.setup()


def sender(material: Material, url: str) -> Callable[[tuple[int, Mapping[str, str]]], None]:
    """Renders, inlines and sends one message."""
    page, text = (_template(each) for each in (material.page, material.text))
    connection: Any = get_connection(api_url=f"{url}/")

    def send(pair: tuple[int, Mapping[str, str]]) -> None:
        number, values = pair
        message = EmailMultiAlternatives(
            "Part 2 of 5", text.render(dict(values)), "Sample Clinic <hello@clinic.example.org>",
            [f"patient{number}@example.org"], connection=connection,
        )  # fmt: skip
        message.attach_alternative(transform(page.render(dict(values)), allow_network=False), "text/html")
        message.metadata = {"delivery_key": f"d{number}"}
        message.send()

    return send


def _template(page: str) -> Any:  # noqa: ANN401 - Django has no types
    """``page`` in Django's own notation; what only looks like it in a style sheet stays as it is."""
    source = page.replace("{{", "{ {").replace("{%", "{ %").replace("[[[", "{{").replace("]]]", "}}")
    return engines["django"].from_string(source)
