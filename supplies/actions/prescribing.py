"""Prescriptions: until when a medicine lasts, and what is asked for before it runs out."""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.scoped import area_columns
from cases.models import Person
from supplies.actions.asking import Ask, ask_for
from supplies.models import Need, Prescription
from supplies.rules.needs import NeedKind, NeedSource


def enter_prescription(*, person: Person, by: User, at: dt.datetime, **values: Any) -> Prescription:
    """Write down a medicine taken regularly: medicine, dose, quantity, lasts_until, hospital."""
    return Prescription.objects.create(
        **area_columns(person.community), person=person, entered_at=at, entered_by=by, **values
    )


def change_prescription(*, prescription: Prescription, **values: Any) -> None:
    """Put it right, or say until when the next pack lasts; the need that renewed it is done with."""
    Prescription.objects.filter(pk=prescription.pk).update(**values, need=None)


def end_prescription(*, prescription: Prescription, at: dt.datetime) -> bool:
    """It is not taken any more; returns whether we did it."""
    return bool(Prescription.objects.filter(pk=prescription.pk, ended_at=None).update(ended_at=at))


@transaction.atomic
def ask_for_refill(*, prescription: Prescription, by: User, at: dt.datetime) -> Need:
    """Ask for the next pack; asking again gives the same need while it is open, and a new one afterwards."""
    rows = Prescription.objects.select_for_update(of=("self",)).select_related("need")
    known = rows.get(pk=prescription.pk)
    if known.need and known.need.is_live:
        return known.need
    words = " ".join(part for part in (known.medicine, known.dose, known.quantity) if part)
    need = ask_for(
        Ask(
            kind=NeedKind.MEDICINE,
            community=known.community,
            source=NeedSource.ROUND_CALL,
            text=words,
            person=known.person,
        ),
        token=f"refill:{uuid.uuid4().hex}",  # the prescription is locked: nobody asks beside us
        by=by,
        at=at,
    )
    Prescription.objects.filter(pk=known.pk).update(need=need)
    return need
