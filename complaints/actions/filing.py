"""Filing a complaint: one verb for the form, the operator, other systems, lists and the self-audit.

It is stored before anything else happens. Number and secret follow from the form's token, so a form that is
sent twice, because the answer to the first got lost, gives the same receipt again and no second complaint.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.encryption import keyed_digest
from accounts.models import Area, Office, User
from accounts.rules import Level
from complaints.actions.clocks import start_clock
from complaints.actions.events import write_event
from complaints.actions.routing import (
    coordinator_for,
    respondent_for,
    route_complaint,
    steps_as_json,
)
from complaints.actions.telling import tell_handler
from complaints.listed_firms import is_about_listed, listed_facts
from complaints.models import Attachment, Complainant, Complaint, ComplaintLink
from complaints.rules.behaviours import BY_CODE
from complaints.rules.clocks import ClockStep
from complaints.rules.handling import State
from complaints.rules.words import EventKind, Ordered, Source, Whom
from policy.refusals import BadInput, RuleViolation
from zones.models import Compound, Site

ATTEMPTS = 5
ALIKE_WITHIN = dt.timedelta(days=7)
MOST_LINKS = 5


@dataclass(frozen=True, slots=True)
class ComplainantFacts:
    """Who complains, as far as they say; all of it may be empty: anonymous is a full citizen here."""

    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Filing:
    """What a complaint says. `facts` is what the app itself knows of the place (`complaints.own_facts`).

    That a firm is on the white list is found when it is filed, whichever way it came: it goes on top then.
    """

    behaviour: str
    area: Area
    what_happened: str = ""
    compound: Compound | None = None
    site: Site | None = None
    place: str = ""
    whom: str = Whom.UNKNOWN
    respondent: Office | None = None
    respondent_text: str = ""
    since_on: dt.date | None = None
    ordered: str = Ordered.UNKNOWN
    ordered_by: str = ""
    urgent: bool = False
    complainant: ComplainantFacts = field(default_factory=ComplainantFacts)
    source: Source = Source.WEB
    external_id: str = ""
    lead_key: str = ""
    facts: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the complainant keeps. `is_new` is False when this form had been filed before."""

    complaint: Complaint
    number: str
    secret: str
    is_new: bool


def token_digest(token: str) -> str:
    """How a form's token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def secret_of(token: str) -> str:
    """The secret of the receipt that belongs to a form's token: 16 digits in groups of four.

    Derived with the installation's key, so that only the holder of the token and this installation know it.
    """
    return _grouped(_digits(f"complaint-secret\0{token}", 16))


def secret_digest(secret: str) -> str:
    """How a secret is stored and compared, whatever blanks and hyphens were typed into it."""
    return keyed_digest("complaint-secret", "".join(character for character in secret if character.isdigit()))


def _digits(purpose: str, length: int) -> str:
    mac = hmac.new(settings.INDEX_KEY.encode(), purpose.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(mac, 'big') % 10**length:0{length}d}"


def _grouped(digits: str) -> str:
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def receipt_of(token: str) -> Receipt | None:
    """The receipt of the complaint that was filed with that form; None: it has not been filed."""
    filed = Complaint.objects.filter(submission=token_digest(token))
    if not filed.exists():  # the usual answer, and many columns cheaper
        return None
    earlier = filed.get()
    return Receipt(earlier, earlier.number, secret_of(token), is_new=False)


def file_complaint(filing: Filing, *, token: str, at: dt.datetime, by: User | None = None) -> Receipt:
    """Store a complaint with its receipt, route it and start its clock, all in one transaction.

    `token` is the form's own (any unguessable text); filed twice, the first receipt is given again. Files
    that were uploaded under the token go along. `by` is the operator or system that files for somebody.
    Raises BadInput for a date in the future or an unknown behaviour, RuleViolation `known_already` where the
    sender's own number, or the lead, has been filed under another token.
    """
    _check(filing, at)
    for attempt in range(ATTEMPTS):
        if earlier := receipt_of(token):
            return earlier
        try:
            with transaction.atomic():
                complaint = _store(filing, token, attempt, by=by, at=at)
                return Receipt(complaint, complaint.number, secret_of(token), is_new=True)
        except IntegrityError:
            # The same form at the same moment, the same lead, or a number that is taken: look again.
            if _is_known(filing, by):
                raise RuleViolation(
                    "known_already", "", _("This complaint has been filed already.")
                ) from None
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _check(filing: Filing, at: dt.datetime) -> None:
    if filing.behaviour not in BY_CODE:
        raise BadInput("behaviour", _("Please choose what happened."))
    if filing.since_on and filing.since_on > timezone.localdate(at):
        raise BadInput("since_on", _("This date lies in the future."))


def _is_known(filing: Filing, by: User | None) -> bool:
    """Whether the sender's own number or the lead is taken: trying again would not help."""
    if filing.lead_key:
        return Complaint.objects.filter(lead_key=filing.lead_key).exists()
    if not filing.external_id:
        return False
    return Complaint.objects.filter(filed_by=by, external_id=filing.external_id).exists()


def _store(filing: Filing, token: str, attempt: int, *, by: User | None, at: dt.datetime) -> Complaint:
    complaint = _unsaved(filing, token, attempt, by=by, at=at)
    routed = route_complaint(complaint)
    complaint.handler = Office.objects.select_related("area").get(pk=routed.office) if routed.office else None
    complaint.routed = steps_as_json(routed.steps)
    if complaint.urgent:
        complaint.coordinator = coordinator_for(complaint.handler, at, of=complaint)
    complaint.rebound_of = _closed_before(complaint, at)
    complaint.save(force_insert=True)
    _store_complainant(complaint, filing.complainant)
    Attachment.objects.filter(submission=complaint.submission, complaint=None).update(complaint=complaint)
    write_event(
        complaint, EventKind.RECEIVED, at=at, by=by, to_state=State.RECEIVED, to_office=complaint.handler
    )
    if complaint.rebound_of:
        write_event(complaint, EventKind.REBOUND, at=at, of=complaint.rebound_of_id)
    start_clock(complaint, ClockStep.ACCEPT, from_at=at)
    _link_alike(complaint, at)
    tell_handler(complaint, at=at)
    return complaint


def _unsaved(filing: Filing, token: str, attempt: int, *, by: User | None, at: dt.datetime) -> Complaint:
    kind = BY_CODE[filing.behaviour]
    line = filing.area.line
    day = f"{timezone.localtime(at):%y%m%d}"
    respondent = filing.respondent or respondent_for(filing.whom, filing.area, filing.behaviour)
    facts = [dict(fact) for fact in filing.facts]
    if not is_about_listed(facts):
        listed = listed_facts(behaviour=kind.code, written=filing.place, site=filing.site, area=filing.area)
        facts = listed + facts
    return Complaint(
        number=f"{day}-{_digits(f'complaint-number{attempt}' + chr(0) + token, 8)}",
        secret_digest=secret_digest(secret_of(token)),
        submission=token_digest(token),
        source=filing.source,
        filed_by=by,
        external_id=filing.external_id,
        behaviour=kind.code,
        topic=kind.topic,
        clause=kind.clause,
        urgent=kind.urgent or filing.urgent or is_about_listed(facts),
        area=filing.area,
        county=line.get(Level.COUNTY),
        compound=filing.compound,
        site=filing.site,
        place=filing.place,
        whom=filing.whom,
        respondent=respondent,
        respondent_text=filing.respondent_text,
        since_on=filing.since_on,
        what_happened=filing.what_happened,
        ordered=filing.ordered,
        ordered_by=filing.ordered_by,
        facts=facts,
        received_at=at,
        round_began_at=at,
        lead_key=filing.lead_key,
    )


def _store_complainant(complaint: Complaint, who: ComplainantFacts) -> None:
    if who.name or who.phone or who.email:
        Complainant.objects.create(
            complaint=complaint,
            name=who.name,
            phone=who.phone,
            phone_digest=keyed_digest("phone", who.phone),
            email=who.email,
        )


def _closed_before(complaint: Complaint, at: dt.datetime) -> Complaint | None:
    """The last complaint about the same office and behaviour closed lately: then this is a rebound."""
    if complaint.respondent is None:
        return None
    since = at - dt.timedelta(days=settings.REBOUND_DAYS)
    closed = Complaint.objects.filter(
        respondent=complaint.respondent,
        behaviour=complaint.behaviour,
        state=State.CLOSED,
        closed_at__gte=since,
        closed_at__lte=at,
    )
    return closed.order_by("-closed_at").first()


def _link_alike(complaint: Complaint, at: dt.datetime) -> None:
    """Suggest open complaints about the same behaviour at the same place; nobody's is swallowed."""
    alike = Complaint.objects.open().filter(behaviour=complaint.behaviour, received_at__gte=at - ALIKE_WITHIN)
    if complaint.compound_id:
        alike = alike.filter(compound=complaint.compound_id)
    elif complaint.site_id:
        alike = alike.filter(site=complaint.site_id)
    elif complaint.place:
        # One names the community, another one only the county: the place is the same.
        around = {"county": complaint.county} if complaint.county else {"area": complaint.area}
        alike = alike.filter(**around, place=complaint.place)
    else:
        return
    earlier = alike.exclude(pk=complaint.pk).order_by("received_at", "pk")[:MOST_LINKS]
    ComplaintLink.objects.bulk_create(
        [ComplaintLink(earlier=each, later=complaint) for each in earlier], ignore_conflicts=True
    )
