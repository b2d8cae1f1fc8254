"""Refused care, pulled from the desk of medical access: each refusal of a hospital is a lead of its own.

Nobody's complaint is waited for: no reason allows a refusal (N二(十七), P4). The lead goes where a complaint
about the same hospital would go, urgent, within minutes; the person is not named in it.
"""

import datetime as dt
import secrets
from collections.abc import Sequence

from django.utils import timezone

from complaints.actions.filing import Filing, file_complaint
from complaints.models import Complaint
from complaints.rules.auditing import BEHAVIOUR_OF, Finding, FindingKind
from complaints.rules.words import Source, Whom
from policy.refusals import RuleViolation
from supplies.models import Consult
from supplies.rules.medical import ConsultAnswer

LOOK_BACK = dt.timedelta(days=14)
"""What is older was pulled when it was new."""
CHUNK = 500


def pull_refusals(*, at: dt.datetime, dry_run: bool = False) -> int:
    """File each refusal of the last two weeks that is no lead yet; returns how many. Safe twice."""
    new = _new_ones(at)
    return len(new) if dry_run else sum(_file(consult, at) for consult in new)


def _new_ones(at: dt.datetime) -> Sequence[Consult]:
    """Those that are no lead yet: a city has more in two weeks than one chunk, and the last ones count."""
    refused = Consult.objects.filter(
        answer=ConsultAnswer.REFUSED, answered_at__gte=at - LOOK_BACK, answered_at__lte=at
    ).select_related("site__community", "medical__need__community")
    found: list[Consult] = []
    last = 0
    while rows := list(refused.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        keys = [finding_of(row).key for row in rows]
        known = set(Complaint.objects.filter(lead_key__in=keys).values_list("lead_key", flat=True))
        found += [row for row in rows if finding_of(row).key not in known]
        last = rows[-1].pk
    return found


def finding_of(consult: Consult) -> Finding:
    """The refusal as a finding: the hospital, the date, the reason that it gave; nothing about the person."""
    on = timezone.localdate(consult.answered_at)
    return Finding(
        kind=FindingKind.CARE_REFUSED,
        about=f"consult:{consult.pk}",
        on=on,
        community=consult.site.community_id,
        facts={"consult": consult.pk, "site": consult.site.name, "due_on": on, "reason": consult.reason},
        since_on=on,
    )


def _file(consult: Consult, at: dt.datetime) -> bool:
    finding = finding_of(consult)
    filing = Filing(
        behaviour=BEHAVIOUR_OF[finding.kind],
        area=consult.site.community,
        site=consult.site,
        whom=Whom.SITE,
        respondent_text=consult.site.name,
        since_on=finding.since_on,
        source=Source.SELF_AUDIT,
        lead_key=finding.key,
        facts=[finding.as_fact(timezone.localdate(at))],
    )
    try:
        file_complaint(filing, token=secrets.token_urlsafe(32), at=at)
    except RuleViolation:  # another sweep was first
        return False
    return True
