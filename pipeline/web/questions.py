"""The words of patients' pages: what they ask, what a button says, and what is said once it was pressed.

In charge of: these words, in English; ``gettext`` finds each language's. ``%(name)s`` stands for a value. Not
in charge of: routes (``patient``) or what a button changes (``actions``). No page gives medical advice: the
safety text is the clinic's own.
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
    #: How to take it back, in a sentence or as the words of a link.
    undo: str


UNSUBSCRIBE = Question(
    heading="Stop these emails?",
    explanation="We will send no more emails of any series to this address.",
    button="Yes, stop all emails",
    otherwise="Your care at the clinic does not change. If you do nothing, the emails go on.",
    done_heading="You will get no more emails",
    done_explanation="This holds from now on. Your care at the clinic does not change.",
    undo="I want these emails again",
)
NOT_ME = Question(
    heading="Not meant for you?",
    explanation="Then the address is a mistake. We will stop, and ask the clinic to correct it.",
    button="This is not for me",
    otherwise="If the emails are for you, you can close this page.",
    done_heading="Thank you for telling us",
    done_explanation="We stopped writing to this address, and the clinic will look for the right one.",
    undo="Pressed by mistake? Call us, and we will write to you again.",
)
AGAIN = Question(
    heading="Get our emails again?",
    explanation="You asked us to stop. With this button you say that %(clinic)s may email you again at this "
    "address.",
    button="Yes, you may email me again",
    otherwise="If you do nothing, you get no emails. You can stop them again at any time.",
    done_heading="We may email you again",
    done_explanation="We wrote down your yes. A series that you stopped does not go on by itself: to get the "
    "rest of it, call us or ask at your next visit.",
    undo="Stop all emails",
)
STOP_SERIES = Question(
    heading="Stop this series?",
    explanation="You will not get the rest of this series. Other emails of the clinic go on.",
    button="Yes, stop this series",
    otherwise="If you only need a break, you can pause it instead. If you do nothing, it goes on.",
    done_heading="This series has stopped",
    done_explanation="The remaining parts will not be sent.",
    undo="Would you like the rest after all? Call us, or ask at your next visit.",
)
CALL_ME = Question(
    heading="More pain than you expected?",
    explanation="Press the button, and we will call you at the number that you gave the clinic.",
    button="Please call me",
    otherwise="We call during our phone hours: %(hours)s. You do not have to wait: you can call us yourself.",
    done_heading="We will call you",
    done_explanation="Your request is on our call list. We call during our phone hours: %(hours)s.",
    undo="Is it getting worse, or do you want to change something? Call us yourself.",
)
HELPFUL = Question(
    heading="Was this part helpful?",
    explanation="Your answer helps us write better. It changes nothing about your emails or your care.",
    button="Yes, it helped",
    otherwise="No, not really",
    done_heading="Thank you for your answer",
    done_explanation="We have noted it for this part.",
    undo="Change my answer",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One button of the preferences page, and what it says once it was pressed."""

    heading: str
    explanation: str
    button: str
    done_heading: str
    #: May name ``%(day)s``.
    done_explanation: str
    undo: str


PREFERENCES_HEADING = "Your emails"
NEXT = Choice(
    heading="Read on sooner",
    explanation="You would like to read on now. We send one part a day at most, in the hours when the clinic "
    "writes.",
    button="Send me the next part now",
    done_heading="The next part is coming",
    done_explanation="We will send it on %(day)s.",
    undo="Too soon? You can pause your emails.",
)
PAUSE = Choice(
    heading="Take a break",
    explanation="Nothing is sent until the day you choose, and then nothing comes all at once.",
    button="Pause until this day",
    done_heading="Your emails are paused",
    done_explanation="They start again by themselves on %(day)s. A part that is too old by then is left out.",
    undo="Start them again now",
)
RESUME = Choice(
    heading="Go on",
    explanation="You do not have to wait for the end of the break.",
    button="Start them again now",
    done_heading="Your emails go on",
    done_explanation="The next part comes on its day. A part that is too old by now is left out.",
    undo="Too soon? You can pause your emails.",
)
SLOWER = Choice(
    heading="More time between them",
    explanation="The emails come too fast. We leave twice as many days between them.",
    button="Send them more slowly",
    done_heading="Your emails come more slowly now",
    done_explanation="We leave twice as many days between them.",
    undo="Would you like the usual pace again? Call us.",
)
#: Weeks of a ready-made break, and the words of its button.
BREAKS = {1: "1 week", 2: "2 weeks", 4: "4 weeks"}
PAUSE_CHOOSE = "Or until a day that you choose:"
BAD_DAY = "Please choose a day from %(first)s to %(last)s."
NOTHING_DONE_HEADING = "Nothing had to be changed"
NOTHING_DONE_EXPLANATION = "It was so already, or no more parts are planned."
NOT_STOPPED_HEADING = "Your emails are not stopped"
#: Below a part in the browser; the question itself stands before it.
HELPFUL_LINK = "Tell us: yes or no"
BACK = "Your emails: what comes next, and what you can change"
CALL_ALSO = "More pain than expected, or a question? Ask us to call you"

NO_LINK_HEADING = "This link does not work"
NO_LINK_EXPLANATION = (
    "It may have been cut off on its way, or it is very old. Nothing was changed. Open it again from the "
    "email. If that does not help, call us or write to us, and we will do it for you at once."
)
TRY_AGAIN_HEADING = "That did not work just now"
TRY_AGAIN_EXPLANATION = (
    "Nothing was changed. Please try again in a minute, or call us and we will do it for you."
)
TOO_OFTEN_HEADING = "One moment, please"
TOO_OFTEN_EXPLANATION = (
    "This was opened very often just now. Please try again in a minute. If it is urgent for you, call us."
)
TOO_LARGE_HEADING = "That was too much at once"
TOO_LARGE_EXPLANATION = "Nothing was changed. Please go back and press the button again, or call us."

COMING = "These parts are still to come:"
NOTHING_COMING = "No more parts are planned."
PAUSED_UNTIL = "They are paused, and start again by themselves on %(day)s."
PAUSED_OPEN = "They are paused until you or the clinic start them again."
HELD = "They are on hold at the moment. If you expected one, call us."
STOPPED = "You stopped this series."
STOPPED_ALL = "You stopped all emails to this address."
PARTS_SO_FAR = "The parts so far"
CALL_US = "Call us:"
IN_AN_EMERGENCY = "In an emergency, call your local emergency number."
