"""How mail leaves: [sending] and [provider].

In charge of: shape, defaults, meaning. Not in charge of: mail APIs themselves (``providers``).
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline.sections.fields import EmailAddress, Section


class Mode(StrEnum):
    """Whether mail may reach patients at all."""

    TRIAL = "trial"
    LIVE = "live"


class Sending(Section):
    """How the dispatcher works."""

    mode: Mode = Mode.TRIAL
    #: In trial mode mail may leave this machine for these addresses only.
    trial_list: tuple[EmailAddress, ...] = ()
    tick_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    #: Messages per call to the mail API, at most; the provider's own limit also holds.
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 100
    #: How long a claim holds without a sign of life.
    lease_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    #: After so many deferred attempts a delivery is held for a person.
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 8
    #: Messages handed over per second, at most, by all processes together; None: as fast as it goes.
    per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
    #: Messages handed over in one day (UTC), at most: the quota of the account.
    per_day: Annotated[int, Field(ge=1)] | None = None


class OutboxProvider(Section):
    """Writes each message as an .eml file; nothing leaves the machine."""

    folder: str = "outbox"


WebAddress = Annotated[str, Field(pattern=r"^https?://")]
#: The name of an environment variable.
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
#: Where Amazon SNS keeps a certificate that it signs with; nothing else is ever taken for one.
CERTIFICATE_ADDRESS = (
    r"^https://sns\.[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?"
    r"/SimpleNotificationService-[0-9a-f]{32,64}\.pem$"
)
CertificateAddress = Annotated[str, Field(pattern=CERTIFICATE_ADDRESS)]
Topic = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$")]
#: The user name in Basic credentials.
WebhookUser = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class MailApi(Section):
    """What every way out of this machine has."""

    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 30
    #: When and by whom the clinic's business associate agreement with this service was signed.
    baa_signed_on: date | None = None
    baa_by: str | None = None


class HttpProvider(MailApi):
    """Any mail API that takes one JSON request per message."""

    url: WebAddress
    method: Literal["POST", "PUT"] = "POST"
    #: Values may name a secret as ``{env:NAME}``.
    headers: dict[str, str] = Field(default_factory=dict)
    #: JSON with {to}, {subject}, {html}, {text}, {from_name}, {from_address}, {reply_to}, {key},
    #: {message_id}, {headers} and {attachments} as whole string values.
    body: dict[str, Any]
    #: Where the message id stands in the answer, as dotted keys.
    id_path: str = "id"
    #: Header that carries our idempotency key, if the API honours one.
    idempotency_header: str | None = None
    #: Somebody looked: the account tracks neither opens nor clicks.
    tracking_is_off: bool = False
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20


class PostmarkProvider(MailApi):
    """Postmark, https://postmarkapp.com/developer/api/email-api."""

    #: Name of the environment variable that holds the server token, or a file that does.
    token_env: Variable = "POSTMARK_SERVER_TOKEN"  # noqa: S105 - the variable's name, not the secret
    token_file: str | None = None
    message_stream: str = "outbound"
    #: What reports have to bring; several, separated by a space, while one replaces the other.
    webhook_user: WebhookUser = "pipeline"
    webhook_secret_env: Variable = "POSTMARK_WEBHOOK_SECRET"  # noqa: S105 - the variable's name
    webhook_secret_file: str | None = None
    base_url: WebAddress = "https://api.postmarkapp.com"


class SesProvider(MailApi):
    """Amazon SES v2, https://docs.aws.amazon.com/ses/latest/APIReference-V2/."""

    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "us-east-1"
    access_key_env: Variable = "AWS_ACCESS_KEY_ID"
    access_key_file: str | None = None
    secret_key_env: Variable = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the variable's name, not the secret
    secret_key_file: str | None = None
    #: Needed for temporary keys only.
    session_token_env: Variable = "AWS_SESSION_TOKEN"  # noqa: S105 - the variable's name, not the secret
    #: Publishes what became of a message; without it nothing comes back.
    configuration_set: str | None = None
    #: The topics of Amazon SNS whose messages count; without one none does.
    webhook_topics: tuple[Topic, ...] = ()
    #: By the address that a message names: the file that holds the certificate. None is ever fetched.
    webhook_certificates: dict[CertificateAddress, str] = Field(default_factory=dict)
    #: None: the region's own.
    base_url: WebAddress | None = None


class MailgunProvider(MailApi):
    """Mailgun, https://documentation.mailgun.com."""

    key_env: Variable = "MAILGUN_API_KEY"
    key_file: str | None = None
    #: None: the domain of sender.from_address.
    domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")] | None = None
    #: The account's HTTP webhook signing key, which is not the API key; several, as for Postmark.
    webhook_key_env: Variable = "MAILGUN_WEBHOOK_SIGNING_KEY"
    webhook_key_file: str | None = None
    base_url: WebAddress = "https://api.mailgun.net"


class SendgridProvider(MailApi):
    """SendGrid v3, https://www.twilio.com/docs/sendgrid."""

    key_env: Variable = "SENDGRID_API_KEY"
    key_file: str | None = None
    #: The verification keys of the signed event webhook, as SendGrid shows them. They are no secret.
    webhook_public_keys: tuple[str, ...] = ()
    base_url: WebAddress = "https://api.sendgrid.com"


class ResendProvider(MailApi):
    """Resend, https://resend.com/docs."""

    key_env: Variable = "RESEND_API_KEY"
    key_file: str | None = None
    #: The webhook's signing secret (``whsec_...``); several, as for Postmark.
    webhook_secret_env: Variable = "RESEND_WEBHOOK_SECRET"  # noqa: S105 - the variable's name
    webhook_secret_file: str | None = None
    #: Somebody looked: the domain tracks neither opens nor clicks.
    tracking_is_off: bool = False
    base_url: WebAddress = "https://api.resend.com"


class BrevoProvider(MailApi):
    """Brevo, https://developers.brevo.com."""

    key_env: Variable = "BREVO_API_KEY"
    key_file: str | None = None
    #: What reports have to bring; several, as for Postmark.
    webhook_user: WebhookUser = "pipeline"
    webhook_secret_env: Variable = "BREVO_WEBHOOK_SECRET"  # noqa: S105 - the variable's name
    webhook_secret_file: str | None = None
    #: Somebody looked: the account tracks neither opens nor clicks.
    tracking_is_off: bool = False
    base_url: WebAddress = "https://api.brevo.com"


class SmtpSecurity(StrEnum):
    """How the conversation with a mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    #: To this machine only.
    NONE = "none"


class SmtpProvider(MailApi):
    """A mail server that takes submissions."""

    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    #: None: the server asks for no login.
    user: str | None = None
    password_env: Variable = "SMTP_PASSWORD"  # noqa: S105 - the variable's name, not the secret
    password_file: str | None = None
    #: Certificates of an authority of your own, as PEM; None: those of this machine.
    ca_file: str | None = None


class Provider(Section):
    """Which mail API carries the messages."""

    name: Literal["outbox", "http", "postmark", "ses", "mailgun", "sendgrid", "resend", "brevo", "smtp"] = (
        "outbox"
    )
    outbox: OutboxProvider = OutboxProvider()
    http: HttpProvider | None = None
    postmark: PostmarkProvider = PostmarkProvider()
    ses: SesProvider = SesProvider()
    mailgun: MailgunProvider = MailgunProvider()
    sendgrid: SendgridProvider = SendgridProvider()
    resend: ResendProvider = ResendProvider()
    brevo: BrevoProvider = BrevoProvider()
    smtp: SmtpProvider = SmtpProvider()
