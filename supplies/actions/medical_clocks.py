"""The clocks of medical needs: a step that is overdue is told to the community and to the offices above."""

import datetime as dt

from django.db import transaction
from django.db.models import F

from supplies.actions.need_events import write_need_event
from supplies.actions.telling import tell_late
from supplies.models import MedicalNeed
from supplies.rules.needs import NeedEventKind

CHUNK = 200


def watch_medical_clocks(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Tell of each overdue step once, however often the sweep runs; returns how many.

    Few are open at a time, and each is somebody who waits for a hospital: they are told one by one.
    """
    due = MedicalNeed.objects.overdue_untold(at)
    if dry_run:
        return due.count()
    told = 0
    for key in list(due.order_by("act_by").values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            if not MedicalNeed.objects.overdue_untold(at).filter(pk=key).update(told_act_by=F("act_by")):
                continue
            medical = MedicalNeed.objects.select_related(
                "need__unit__building__compound", "need__community__parent"
            ).get(pk=key)
            write_need_event(medical.need, NeedEventKind.LATE, at=at, act_by=str(medical.act_by))
            tell_late(medical.need, at=at)
            told += 1
    return told
