"""Leads against ourselves: everything that restricts is compared with the rule, and the excess is filed.

The apps below never push: they are read here, set by set. Each finding becomes a complaint with the source
"self-audit" about the administration of the community that holds it, so that somebody above handles it.
The approval of a wider zone is an order: it is compared with what was sealed on it, and rounds of tests with
the unit and its date. Orders of tests for an area (N二(六)) do not exist in this version; once they do, a
finder for them joins `FINDERS`, and nothing else changes.
"""

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import Area, Office
from accounts.rules import CODE_LENGTH, Department
from complaints.actions.audit_people import (
    episode_findings,
    old_editions,
    overdue_findings,
    unswept_people,
)
from complaints.actions.audit_tests import (
    rounds_too_many,
    tests_after_release,
    tests_beyond_the_plan,
    tests_too_many,
)
from complaints.actions.audit_zones import unswept_units, zone_findings
from complaints.actions.filing import Filing, file_complaint
from complaints.models import AuditRun, Complaint
from complaints.rules.auditing import BEHAVIOUR_OF, Finding, Lead, again_key, first_key, is_new_lead
from complaints.rules.handling import OPEN, State
from complaints.rules.words import Source, Whom
from policy.refusals import RuleViolation
from zones.models import Compound

log = structlog.get_logger("jiefeng.complaints")

CHUNK = 500
"""So many findings are looked up and filed together."""
GIVE_UP_AFTER = dt.timedelta(hours=2)
"""An audit that has not ended by then died, and the next beat begins anew."""

FINDERS: tuple[Callable[[dt.datetime], Iterator[Finding]], ...] = (
    zone_findings,
    unswept_units,
    episode_findings,
    overdue_findings,
    unswept_people,
    old_editions,
    tests_too_many,
    tests_after_release,
    tests_beyond_the_plan,
    rounds_too_many,
)


@dataclass(slots=True)
class Audited:
    """What an audit found, by kind, and how many of it were filed as new complaints."""

    found: Counter[str] = field(default_factory=Counter)
    filed: int = 0


def is_due(at: dt.datetime) -> bool:
    """Whether today's audit has still to be made: from its hour on, once a date, again after a crash."""
    local = timezone.localtime(at)
    if local.time() < settings.AUDIT_AT:
        return False
    run = AuditRun.objects.filter(on=local.date()).first()
    return run is None or (run.ended_at is None and run.began_at <= at - GIVE_UP_AFTER)


def audit_ourselves(*, at: dt.datetime, dry_run: bool = False) -> Audited:
    """Compare everything that restricts at that instant with the rule, and file what is new.

    Safe twice, late and in parallel: the key of a finding is filed once, whoever comes first. A dry run
    counts what it would file.
    """
    done = Audited()
    today = timezone.localdate(at)
    if not dry_run:
        AuditRun.objects.update_or_create(on=today, defaults={"began_at": at, "ended_at": None})
    findings = (finding for finder in FINDERS for finding in finder(at))
    while chunk := list(islice(findings, CHUNK)):
        done.found.update(str(finding.kind) for finding in chunk)
        new = _new_ones(chunk, today)
        done.filed += len(new) if dry_run else _file(new, at)
    if not dry_run:
        AuditRun.objects.filter(on=today).update(ended_at=at, found=dict(done.found), filed=done.filed)
    return done


def _new_ones(findings: Sequence[Finding], today: dt.date) -> list[tuple[Finding, str]]:
    """Those to be filed with the key under which; one finding once."""
    by_key = {finding.key: finding for finding in findings}
    last = _last_leads(by_key)
    new = []
    for key, finding in by_key.items():
        before = last.get(key)
        if is_new_lead(finding.kind, before, (finding.as_fact(today),)):
            new.append((finding, again_key(key, today) if before else key))
    return new


def _last_leads(keys: Iterable[str]) -> dict[str, Lead]:
    """The last complaint about each of these findings, as it stands."""
    leads = Complaint.objects.exclude(lead_key="").order_by("received_at", "pk").select_related("merged_into")
    filed = {lead.lead_key: lead for lead in leads.filter(lead_key__in=list(keys))}
    # Filed once, and closed: it may have come back since, under the key with a date.
    over = [key for key, lead in filed.items() if _standing(lead).state not in OPEN]
    if over:
        later = Q()
        for key in over:
            later |= Q(lead_key__gte=f"{key}@", lead_key__lt=f"{key}A")  # "A" is the character after "@"
        for lead in leads.filter(later):
            filed[first_key(lead.lead_key)] = lead
    return {key: _as_lead(lead) for key, lead in filed.items()}


def _standing(lead: Complaint) -> Complaint:
    """The complaint into which a lead was merged, else the lead itself."""
    return lead.merged_into if lead.state == State.MERGED and lead.merged_into else lead


def _as_lead(lead: Complaint) -> Lead:
    standing = _standing(lead)
    return Lead(standing.state, standing.outcome, tuple(lead.facts))


# ── filing ───────────────────────────────────────────────────────────────────────────────────────


def _file(new: Sequence[tuple[Finding, str]], at: dt.datetime) -> int:
    areas = Area.objects.in_bulk({finding.community for finding, _key in new})
    offices = administrations(areas.values())
    compounds = Compound.objects.in_bulk({finding.compound for finding, _key in new if finding.compound})
    filed, today = 0, timezone.localdate(at)
    for finding, key in new:
        area = areas[finding.community]
        filing = Filing(
            behaviour=BEHAVIOUR_OF[finding.kind],
            area=area,
            compound=compounds.get(finding.compound or 0),
            whom=Whom.COMMUNITY,
            respondent=offices.get(area.pk),
            since_on=finding.since_on if finding.since_on and finding.since_on <= today else None,
            source=Source.SELF_AUDIT,
            lead_key=key,
            facts=[finding.as_fact(today)],
        )
        filed += _file_one(filing, at)
    return filed


def _file_one(filing: Filing, at: dt.datetime) -> bool:
    """Nobody holds the receipt of a lead: its token is thrown away."""
    try:
        file_complaint(filing, token=secrets.token_urlsafe(32), at=at)
    except RuleViolation:  # another audit was first
        return False
    return True


def administrations(areas: Iterable[Area]) -> Mapping[int, Office]:
    """The administration of each area, or of the nearest one above that has one; one query."""
    wanted = {area.pk: _line(area.code) for area in areas}
    codes = {code for line in wanted.values() for code in line}
    offices = Office.objects.filter(area__code__in=codes, department=Department.GOVERNMENT)
    known: dict[str, Any] = {office.area.code: office for office in offices.select_related("area")}
    found = {key: next((known[code] for code in line if code in known), None) for key, line in wanted.items()}
    return {key: office for key, office in found.items() if office}


def _line(code: str) -> list[str]:
    """The codes of an area and of those above it, the nearest first."""
    return [code[:length] for length in sorted(CODE_LENGTH.values(), reverse=True) if length <= len(code)]
