"""The words of patients' pages that ask one thing and have one button.

In charge of: the questions, in English; ``gettext`` finds each language's words. Not in charge of: routes
(``patient``) or what a button changes (``actions.stopping``).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a page asks, and what it says once the button was pressed."""

    heading: str
    explanation: str
    button: str
    otherwise: str
    done_heading: str
    done_explanation: str


UNSUBSCRIBE = Question(
    heading="Stop these emails?",
    explanation="We will send no more emails of any series to this address.",
    button="Yes, stop all emails",
    otherwise="Your care at the clinic does not change. If you do nothing, the emails go on.",
    done_heading="You will get no more emails",
    done_explanation="This holds from now on. If you want them again one day, tell us at the clinic.",
)
NOT_ME = Question(
    heading="Not meant for you?",
    explanation="Then the address is a mistake. We will stop, and ask the clinic to correct it.",
    button="This is not for me",
    otherwise="If the emails are for you, you can close this page.",
    done_heading="Thank you for telling us",
    done_explanation="We stopped writing to this address, and the clinic will look for the right one.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One button of the preferences page, and what it says once it was pressed."""

    explanation: str
    button: str
    done_heading: str
    done_explanation: str


PREFERENCES_HEADING = "Your emails"
NEXT = Choice(
    explanation="You would like to read on now.",
    button="Send me the next part now",
    done_heading="The next part is coming",
    done_explanation="We send one part a day at most, in the hours when the clinic writes.",
)
PAUSE = Choice(
    explanation="You need a break. We start again after two weeks, and nothing comes all at once.",
    button="Pause for two weeks",
    done_heading="Your emails are paused",
    done_explanation="They start again by themselves after two weeks.",
)
SLOWER = Choice(
    explanation="The emails come too fast. We leave twice as many days between them.",
    button="Send them more slowly",
    done_heading="Your emails come more slowly now",
    done_explanation="We leave twice as many days between them.",
)
STOP_SERIES = Choice(
    explanation="You do not want the rest of this series. Other emails of the clinic go on.",
    button="Stop this series",
    done_heading="This series has stopped",
    done_explanation="The remaining parts will not be sent.",
)
NOTHING_DONE_HEADING = "Nothing had to be changed"
NOTHING_DONE_EXPLANATION = "It was so already, or no more parts are planned."

CALL_HEADING = "Please call us"
CALL_EXPLANATION = "If you have more pain than you expected, or a question, we are glad to hear from you."
NO_LINK_HEADING = "This link does not work"
NO_LINK_EXPLANATION = (
    "It may have been cut off on its way. Open it again from the email, or call us and we will help at once."
)
TRY_AGAIN_HEADING = "That did not work just now"
TRY_AGAIN_EXPLANATION = "Please try again in a minute, or call us and we will do it for you."
NOTHING_COMING = "No more parts are planned."
PARTS_SO_FAR = "The parts so far"
COMING = "These parts are still to come:"
PAUSED = "They are paused, and start again by themselves."
