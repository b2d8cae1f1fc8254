"""Writing down what a form asks for: one need, or one for each person whose prescriptions were chosen."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from accounts.models import User
from policy.refusals import RuleViolation
from supplies.actions.asking import Ask, Wanted, ask_for
from supplies.models import Need, Prescription, ResidentLink
from supplies.rules.needs import REFUSALS, NeedKind

MOST_LIVE = 60
"""So much can be open by one link at the same time; an emergency always can."""


def ask_with_prescriptions(
    asked: Ask,
    prescriptions: Sequence[Prescription],
    *,
    token: str,
    at: dt.datetime,
    by: User | None = None,
) -> list[Need]:
    """Write the need; the medicines of each person become a need of theirs, with their names as its lines.

    The prescription names the need by which it is asked for again. Raises BadInput as `ask_for` does, and
    RuleViolation `too_many` when a link has asked for too much at once.
    """
    _check_number(asked.link, asked.kind)
    if not prescriptions:
        return [ask_for(asked, token=token, at=at, by=by)]
    needs: list[Need] = []
    theirs_too = asked.person is None or asked.person in {each.person for each in prescriptions}
    ordered = sorted(prescriptions, key=lambda each: (each.person_id, each.pk))
    for person, group in groupby(ordered, key=lambda each: each.person):
        chosen = list(group)
        lines = [Wanted(text=_words(each)) for each in chosen]
        written = theirs_too and (person == asked.person or (asked.person is None and not needs))
        theirs = replace(
            asked, person=person, lines=[*lines, *asked.lines], text=asked.text if written else ""
        )
        need = ask_for(theirs, token=f"{token}:{person.pk}", at=at, by=by)
        Prescription.objects.filter(pk__in=[each.pk for each in chosen]).update(need=need)
        needs.append(need)
    if asked.text and not theirs_too:
        needs.append(ask_for(asked, token=token, at=at, by=by))
    return needs


def _words(prescription: Prescription) -> str:
    parts = (prescription.medicine, prescription.dose, prescription.quantity)
    return " ".join(part for part in parts if part)[:100]


def _check_number(link: ResidentLink | None, kind: NeedKind) -> None:
    if link is None or kind is NeedKind.EMERGENCY:
        return
    if Need.objects.filter(link=link).live().count() >= MOST_LIVE:
        raise RuleViolation("too_many", "", REFUSALS["too_many"])
