"""Supervision orders 督办: who has to put what right until when, what they report, whether it holds.

The addressee reads the order and nothing else: neither the complaint behind it, nor its number, nor who
complained. A date that passed without a report stays on the record.
"""

import datetime as dt
import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, User
from accounts.rules import Ability, stands_at_or_below
from complaints.actions.events import write_event
from complaints.actions.standing import check_staff
from complaints.actions.telling import tell_of_order
from complaints.models import Complainant, Complaint, OrderStep, SupervisionOrder
from complaints.rules.handling import Verb
from complaints.rules.supervision import OPEN_ORDERS, OrderState, OrderStepKind
from complaints.rules.words import EventKind
from notices.rules import MessageKind
from policy.refusals import BadInput, RuleViolation

ATTEMPTS = 5
UNREPORTED = (OrderState.ORDERED, OrderState.AGAIN)

REFUSALS = {
    "not_your_order": _("This order is not for your office to act on."),
    "wrong_order_state": _("This can't be done any more: the order has moved on."),
    "not_below": _(
        "A supervision order goes to the office complained about, or to one below your own office."
    ),
}


def refused(code: str, field: str | None = None) -> RuleViolation:
    """The refusal of that code with its sentence."""
    return RuleViolation(code, "", REFUSALS[code], field=field)


def may_be_ordered(office: Office, complaint: Complaint, issuer: Office) -> bool:
    """Whether that issuer may order it: the office complained about, or one below the issuer's own."""
    if office.pk == issuer.pk or stands_at_or_below(issuer.path, office.path):
        return False
    return office.pk == complaint.respondent_id or office.is_at_or_below(issuer)


def issue_order(
    *, complaint: Complaint, to: Office, text: str, due_at: dt.datetime, token: str, by: User, at: dt.datetime
) -> SupervisionOrder:
    """Order that office to put something right and to report until `due_at`.

    `token` is the form's own: sent twice, ordered once. Raises RuleViolation `not_yours`, `needs_reason`,
    `not_below`, and BadInput for a date that is past, or a text that says who complained.
    """
    check_staff(by, complaint, Verb.SUPERVISE, text)
    issuer = by.own_office
    if issuer is None or not may_be_ordered(to, complaint, issuer):
        raise refused("not_below", field="office")
    if due_at <= at:
        raise BadInput("due_at", _("This date is past already."))
    _check_names_nobody(text, complaint)
    for attempt in range(ATTEMPTS):
        number = _number(token, attempt, at)
        if earlier := SupervisionOrder.objects.filter(number=number, complaint=complaint, text=text).first():
            return earlier
        try:
            with transaction.atomic():
                return _issue(number, complaint, issuer, to, text, due_at, by=by, at=at)
        except IntegrityError:  # the same form at the same moment, or a number that is taken: look again
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _check_names_nobody(text: str, complaint: Complaint | None) -> None:
    """Refuse a text, for the office complained about to read, that says who complained, or the number."""
    if complaint is None:
        return
    who = Complainant.objects.filter(complaint=complaint).first()
    words = [complaint.number, *((who.name, who.phone, who.email) if who else ())]
    written = "".join(text.split()).casefold()
    told = ("".join(word.split()).casefold() for word in words)
    if any(word in written for word in told if len(word) > 1):
        raise BadInput(
            "text",
            _(
                "The office that has to put it right reads this: leave out who complained, how to reach "
                "them, and the receipt number."
            ),
        )


def _number(token: str, attempt: int, at: dt.datetime) -> str:
    """Like a complaint's: the day and eight digits that follow from the form's token."""
    mac = hmac.new(settings.INDEX_KEY.encode(), f"order-number{attempt}\0{token}".encode(), hashlib.sha256)
    digits = int.from_bytes(mac.digest(), "big") % 10**8
    return f"督{timezone.localtime(at):%y%m%d}-{digits:08d}"


def _issue(
    number: str,
    complaint: Complaint,
    issuer: Office,
    to: Office,
    text: str,
    due_at: dt.datetime,
    *,
    by: User,
    at: dt.datetime,
) -> SupervisionOrder:
    order = SupervisionOrder.objects.create(
        number=number,
        complaint=complaint,
        issued_by_office=issuer,
        issued_by=by,
        to_office=to,
        clause=complaint.clause,
        text=text,
        issued_at=at,
        due_at=due_at,
    )
    _step(order, OrderStepKind.ORDERED, text, by=by, at=at, due_at=due_at)
    write_event(complaint, EventKind.SUPERVISED, at=at, by=by, to_office=to, order=number)
    tell_of_order(order, to, MessageKind.ORDER_ISSUED, at=at)
    return order


def _step(
    order: SupervisionOrder,
    kind: OrderStepKind,
    text: str,
    *,
    by: User,
    at: dt.datetime,
    due_at: dt.datetime | None = None,
) -> None:
    OrderStep.objects.create(
        order=order, kind=kind, text=text, at=at, due_at=due_at, by=by, office=by.own_office
    )


def _change(order: SupervisionOrder, sources: frozenset[OrderState], **values: Any) -> None:
    """Compare and set. Raises RuleViolation `wrong_order_state` when somebody was first."""
    same = SupervisionOrder.objects.filter(pk=order.pk, state__in=sources, rounds=order.rounds)
    if not same.update(**values):
        raise refused("wrong_order_state")
    for name, value in values.items():
        setattr(order, name, value)


@transaction.atomic
def report(*, order: SupervisionOrder, text: str, by: User, at: dt.datetime) -> None:
    """The addressee reports what was put right; past the date it stays marked as late.

    Raises RuleViolation `not_your_order`, `wrong_order_state`, BadInput without a text.
    """
    if by.own_office is None or by.own_office.pk != order.to_office_id or not by.may(Ability.ANSWER_ORDERS):
        raise refused("not_your_order")
    if not text.strip():
        raise BadInput("text", _("Please write what was put right, and when."))
    late = order.was_late or order.due_at <= at
    _change(order, frozenset(UNREPORTED), state=OrderState.REPORTED, was_late=late)
    _step(order, OrderStepKind.REPORTED, text, by=by, at=at)
    tell_of_order(order, order.issued_by_office, MessageKind.ORDER_REPORTED, at=at)


def _check_issuer(order: SupervisionOrder, by: User) -> None:
    """Staff of the office that issued it, or of one above; Raises RuleViolation `not_your_order`."""
    if not SupervisionOrder.objects.issued_within(by).filter(pk=order.pk).exists():
        raise refused("not_your_order")


@transaction.atomic
def verify_order(*, order: SupervisionOrder, text: str, by: User, at: dt.datetime) -> None:
    """It was put right, as somebody of the issuing side saw; with or without a report of the addressee.

    Raises RuleViolation `not_your_order`, `wrong_order_state`, BadInput without a word on how it was seen.
    """
    _check_issuer(order, by)
    if not text.strip():
        raise BadInput("text", _("Please write how it was verified."))
    late = order.was_late or order.is_late(at)
    _change(order, OPEN_ORDERS, state=OrderState.VERIFIED, done_at=at, was_late=late)
    _step(order, OrderStepKind.VERIFIED, text, by=by, at=at)


@transaction.atomic
def order_again(
    *, order: SupervisionOrder, text: str, due_at: dt.datetime, by: User, at: dt.datetime
) -> None:
    """It was reported and is not put right, or its date passed in silence: once more, until a new date.

    Earlier lateness stays.

    Raises RuleViolation `not_your_order`, `wrong_order_state`, BadInput without a text, for one that says who
    complained, or with a past date.
    """
    _check_issuer(order, by)
    if not text.strip():
        raise BadInput("text", _("Please write what is not put right yet."))
    if due_at <= at:
        raise BadInput("due_at", _("This date is past already."))
    _check_names_nobody(text, order.complaint)
    silent = order.is_late(at)
    _change(
        order,
        frozenset({OrderState.REPORTED, *(UNREPORTED if silent else ())}),
        state=OrderState.AGAIN,
        was_late=order.was_late or silent,
        rounds=order.rounds + 1,
        due_at=due_at,
        late_noted_at=None,
    )
    _step(order, OrderStepKind.AGAIN, text, by=by, at=at, due_at=due_at)
    tell_of_order(order, order.to_office, MessageKind.ORDER_ISSUED, at=at)
