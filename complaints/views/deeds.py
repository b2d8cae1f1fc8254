"""Each verb of the desk with its form, the action that does it, and what is said afterwards."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from complaints.actions import correcting, handling, supervising
from complaints.forms import desk as forms
from complaints.forms.desk import DeskForm
from complaints.models import Complaint
from complaints.rules.handling import VERBS, Verb
from complaints.rules.words import Outcome
from policy.refusals import BadInput

Values = dict[str, Any]
Act = Callable[[Complaint, Values, User, dt.datetime], str]


@dataclass(frozen=True, slots=True)
class Deed:
    """A verb as the page offers it."""

    form: type[DeskForm]
    act: Act
    """Does it, and returns what is said to whoever did it."""
    button: str | Promise | None = None
    look: str = ""


def _accept(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.accept(complaint=complaint, is_complex=values["is_complex"], by=by, at=at)
    return _("No. %(number)s: accepted") % {"number": complaint.number}


def _decline(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.decline(complaint=complaint, reason=values["reason"], by=by, at=at)
    return _("No. %(number)s: not accepted; the complainant reads why") % {"number": complaint.number}


def _refer(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.refer(complaint=complaint, to=values["to"], reason=values["reason"], by=by, at=at)
    words = {"number": complaint.number, "office": values["to"].name}
    return _("No. %(number)s: referred to %(office)s") % words


def _send_back(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.send_back(complaint=complaint, reason=values["reason"], by=by, at=at)
    words = {"number": complaint.number, "office": complaint.handler.name if complaint.handler else ""}
    return _("No. %(number)s: sent back to %(office)s") % words


def _ask(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.ask(complaint=complaint, text=values["text"], by=by, at=at)
    return _("No. %(number)s: question asked; it waits under the receipt") % {"number": complaint.number}


def _note(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.write_note(complaint=complaint, text=values["text"], by=by, at=at)
    return _("No. %(number)s: note written") % {"number": complaint.number}


def _answer(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.answer(complaint=complaint, text=values["text"], by=by, at=at)
    return _("No. %(number)s: answered; the complainant has the word") % {"number": complaint.number}


def _verify(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.verify(complaint=complaint, outcome=Outcome(values["outcome"]), how=values["how"], by=by, at=at)
    return _("No. %(number)s: verified") % {"number": complaint.number}


def _close(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    outcome = Outcome(values["outcome"]) if values["outcome"] else None
    handling.close(complaint=complaint, outcome=outcome, by=by, at=at)
    return _("No. %(number)s: closed") % {"number": complaint.number}


def _reopen(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    handling.reopen(complaint=complaint, reason=values["reason"], by=by, at=at)
    return _("No. %(number)s: reopened; its clocks begin anew") % {"number": complaint.number}


def _merge(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    number = "".join(values["number"].split())
    into = Complaint.objects.visible_to(by).select_related("handler").filter(number=number).first()
    if into is None:
        raise BadInput("number", _("There is no complaint of that number at your desk."))
    correcting.merge(complaint=complaint, into=into, by=by, at=at)
    return _("No. %(number)s: merged into %(into)s") % {"number": complaint.number, "into": into.number}


def _split(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    receipt = correcting.split(
        complaint=complaint,
        behaviour=values["behaviour"],
        what_happened=values["what_happened"],
        token=values["token"],
        by=by,
        at=at,
    )
    words = {"number": complaint.number, "part": receipt.number}
    return _("No. %(number)s: a part was split off as no. %(part)s") % words


def _correct(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    before = complaint.handler_id
    correcting.correct(
        complaint=complaint,
        reason=values["reason"],
        behaviour=values["behaviour"],
        respondent=values["office"],
        urgent=values["urgent"],
        is_complex=values["is_complex"],
        by=by,
        at=at,
    )
    words = {"number": complaint.number, "office": complaint.handler.name if complaint.handler else ""}
    if complaint.handler_id != before:
        return _("No. %(number)s: corrected; it moved up to %(office)s") % words
    return _("No. %(number)s: corrected") % words


def _supervise(complaint: Complaint, values: Values, by: User, at: dt.datetime) -> str:
    order = supervising.issue_order(
        complaint=complaint,
        to=values["to"],
        text=values["text"],
        due_at=values["due_at"],
        token=values["token"],
        by=by,
        at=at,
    )
    words = {"number": order.number, "office": order.to_office.name}
    return _("Supervision order %(number)s issued to %(office)s") % words


DEEDS: dict[Verb, Deed] = {
    Verb.ACCEPT: Deed(forms.AcceptForm, _accept),
    Verb.ANSWER: Deed(forms.AnswerForm, _answer, gettext_lazy("Send the answer")),
    Verb.VERIFY: Deed(forms.VerifyForm, _verify),
    Verb.CLOSE: Deed(forms.CloseForm, _close),
    Verb.REFER: Deed(forms.ReferForm, _refer),
    Verb.ASK: Deed(forms.AskForm, _ask, gettext_lazy("Send the question")),
    Verb.SUPERVISE: Deed(forms.SuperviseForm, _supervise, gettext_lazy("Issue the order")),
    Verb.SEND_BACK: Deed(forms.SendBackForm, _send_back),
    Verb.DECLINE: Deed(forms.DeclineForm, _decline, look="stop"),
    Verb.REOPEN: Deed(forms.ReopenForm, _reopen),
    Verb.NOTE: Deed(forms.NoteForm, _note),
    Verb.CORRECT: Deed(forms.CorrectForm, _correct),
    Verb.MERGE: Deed(forms.MergeForm, _merge),
    Verb.SPLIT: Deed(forms.SplitForm, _split),
}
"""In the order in which the page offers them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One form on the page of a case."""

    verb: Verb
    label: Any
    button: Any
    look: str
    form: DeskForm
    is_open: bool


def offers(
    complaint: Complaint,
    user: User,
    at: dt.datetime,
    allowed: Sequence[Verb],
    next_verb: Verb | None,
    bound: DeskForm | None = None,
) -> list[Offer]:
    """The forms of the allowed verbs, the next one first and open.

    The form that was refused is always among them, with what was typed, also where somebody was first.
    """
    refused = Verb(bound.verb) if bound is not None and bound.verb in DEEDS_BY_NAME else None
    first = refused or next_verb
    ordered = sorted(
        (verb for verb in DEEDS if verb in allowed or verb == refused), key=lambda verb: verb != first
    )
    return [
        Offer(
            verb=verb,
            label=VERBS[verb],
            button=DEEDS[verb].button or VERBS[verb],
            look=DEEDS[verb].look,
            form=bound
            if verb == refused and bound
            else DEEDS[verb].form(complaint=complaint, user=user, at=at),
            is_open=verb == first,
        )
        for verb in ordered
    ]


DEEDS_BY_NAME = {str(verb): deed for verb, deed in DEEDS.items()}
