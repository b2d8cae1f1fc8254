"""Asking for something: one verb for the resident's page, the operator, the door and the care call."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.scoped import area_columns
from cases.models import Person
from policy.refusals import BadInput, RuleViolation
from supplies.actions.need_events import write_need_event
from supplies.actions.telling import tell_of_emergency
from supplies.models import Item, MedicalNeed, Need, NeedLimit, NeedLine, ResidentLink
from supplies.rules.medical import ANSWER_WITHIN, TreatmentKind
from supplies.rules.needs import (
    MEDICAL,
    RANK,
    REFUSALS,
    USUAL_URGENCY,
    WITHIN,
    NeedEventKind,
    NeedKind,
    NeedSource,
    Urgency,
)
from zones.models import Unit, UnitSeal

ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item that is asked for; `text` where the list of items has no such thing."""

    item: Item | None = None
    text: str = ""
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for, by whom, for which door; person and unit may be unknown, the community is not."""

    kind: NeedKind
    community: Area
    source: NeedSource
    text: str = ""
    person: Person | None = None
    link: ResidentLink | None = None
    unit: Unit | None = None
    door: str = ""
    urgency: Urgency | None = None
    lines: Sequence[Wanted] = ()
    call_phone: str = ""
    treatment: TreatmentKind | None = None
    wanted_at: dt.datetime | None = None
    external_id: str = ""
    """The number at the system that sends it; once for each account."""


def ask_for(asked: Ask, *, token: str, at: dt.datetime, by: User | None = None) -> Need:
    """Write down a need with its limit, in one transaction; a form sent twice is written once.

    A medical one has its clock from the first moment. An emergency is told to the community and the offices
    above it at once. Raises BadInput where nothing is asked for, and RuleViolation
    `known_already` where the account has sent that `external_id` before, by another call.
    """
    _check(asked)
    key = hashlib.sha256(f"need\0{token}".encode()).hexdigest()
    for attempt in range(ATTEMPTS):
        if known := Need.objects.filter(key=key).first():
            return known
        _check_sender(asked, by)
        try:
            with transaction.atomic():
                return _store(asked, key, attempt, by=by, at=at)
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _check(asked: Ask) -> None:
    if asked.kind in (NeedKind.FOOD, NeedKind.MEDICINE, NeedKind.OTHER) and not (
        asked.text.strip() or asked.lines
    ):
        raise BadInput("text", _("Please say what is needed."))
    for line in asked.lines:
        if line.quantity <= 0:
            raise BadInput("quantity", _("The quantity is more than nothing."))


def _check_sender(asked: Ask, by: User | None) -> None:
    if asked.external_id and Need.objects.filter(asked_by=by, external_id=asked.external_id).exists():
        raise RuleViolation("known_already", "", REFUSALS["known_already"], field="external_id")


def _store(asked: Ask, key: str, attempt: int, *, by: User | None, at: dt.datetime) -> Need:
    urgency = asked.urgency or USUAL_URGENCY.get(asked.kind, Urgency.NORMAL)
    unit = asked.unit or (asked.person.unit if asked.person else None)
    door = asked.door or (asked.person.door if asked.person else "")
    need = Need.objects.create(
        **area_columns(asked.community),
        number=_number(key, attempt, at),
        key=key,
        kind=asked.kind,
        urgency=urgency,
        rank=RANK[urgency],
        text=asked.text.strip(),
        source=asked.source,
        person=asked.person,
        link=asked.link,
        unit=unit,
        door=door,
        zone=_zone_of(unit, at),
        call_phone=asked.call_phone,
        external_id=asked.external_id,
        asked_at=at,
        asked_by=by,
        due_at=at + limit_of(urgency, asked.kind),
    )
    NeedLine.objects.bulk_create(
        [NeedLine(need=need, item=line.item, text=line.text, quantity=line.quantity) for line in asked.lines]
    )
    write_need_event(need, NeedEventKind.ASKED, at=at, by=by, by_resident=asked.source == NeedSource.RESIDENT)
    if asked.kind in MEDICAL:
        _store_medical(need, asked, at)
    if asked.kind is NeedKind.EMERGENCY:
        tell_of_emergency(need, at=at)
    return need


def _number(key: str, attempt: int, at: dt.datetime) -> str:
    mac = hmac.new(settings.INDEX_KEY.encode(), f"need-number{attempt}\0{key}".encode(), hashlib.sha256)
    return f"X{timezone.localtime(at):%y%m%d}-{int.from_bytes(mac.digest(), 'big') % 10**6:06d}"


def _zone_of(unit: Unit | None, at: dt.datetime) -> Any:
    if unit is None:
        return None
    seal = UnitSeal.objects.holding(at).filter(unit=unit).select_related("zone").first()
    return seal.zone if seal else None


def _store_medical(need: Need, asked: Ask, at: dt.datetime) -> None:
    emergency = asked.kind is NeedKind.EMERGENCY
    MedicalNeed.objects.create(
        need=need,
        treatment=TreatmentKind.EMERGENCY if emergency else asked.treatment or TreatmentKind.OTHER,
        wanted_at=asked.wanted_at or at,
        act_by=at + ANSWER_WITHIN[emergency],
    )


def limit_of(urgency: Urgency, kind: NeedKind) -> dt.timedelta:
    """How soon it has to be at the door: as supervisors set it for the kind or the urgency, else as usual."""
    rows = NeedLimit.objects.filter(urgency=urgency, kind__in=["", kind]).order_by("-kind")
    found = rows.values_list("minutes", flat=True).first()
    return dt.timedelta(minutes=found) if found else WITHIN[urgency]
