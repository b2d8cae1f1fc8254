"""What the self-audit filed: by kind and date, each with the way to its case."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.paging import PAGE_SIZE, KeysetOrder, cursor_of, keyset_page
from complaints.audit_facts import kind_of, sentence_of
from complaints.models import AuditRun, Complaint
from complaints.rules.auditing import FINDINGS, FindingKind
from complaints.rules.handling import STATES, State
from complaints.rules.words import Source
from policy import clock

ORDER = KeysetOrder(("pk",), descending=True)


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One lead as the page shows it."""

    complaint: Complaint
    kind: FindingKind | None
    sentence: str

    @property
    def label(self) -> str | Promise:
        """In which way it goes beyond the rule; once purged, what was complained about."""
        return FINDINGS[self.kind] if self.kind else self.complaint.kind.label

    @property
    def state_label(self) -> str | Promise:
        """How far the case has come."""
        return STATES[State(self.complaint.state)]


@requires(Ability.HANDLE_COMPLAINTS)
@require_safe
def audit(request: StaffRequest) -> HttpResponse:
    """The leads at the reader's office and below, the newest first. Two queries."""
    wanted = request.GET.get("kind", "")
    kind = FindingKind(wanted) if wanted in list(FindingKind) else None
    leads = Complaint.objects.visible_to(request.user).filter(source=Source.SELF_AUDIT)
    if kind:
        leads = leads.filter(lead_key__gte=f"{kind}:", lead_key__lt=f"{kind};")  # ";" comes after ":"
    shown = leads.select_related("area", "handler", "respondent")
    rows, back = keyset_page(
        shown, ORDER, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    found = list(rows)
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if back:
        found.reverse()
    context = {
        "days": _by_day(found),
        "kinds": FINDINGS.items(),
        "kind": kind,
        "run": AuditRun.objects.first(),
        "today": clock.today(),
        "pager": _pager(request, found, more=more, back=back),
    }
    return render(request, "complaints/desk/audit.html", context)


def _by_day(leads: list[Complaint]) -> list[dict[str, Any]]:
    lines = [_line(lead) for lead in leads]
    days = groupby(lines, lambda line: timezone.localdate(line.complaint.received_at))
    return [{"on": on, "lines": list(those)} for on, those in days]


def _line(lead: Complaint) -> LeadLine:
    fact = lead.facts[0] if lead.facts else {}
    return LeadLine(lead, kind_of(fact), sentence_of(fact))


def _pager(request: StaffRequest, rows: list[Complaint], *, more: bool, back: bool) -> dict[str, str]:
    """The addresses of the next and the previous page, as far as there are any."""
    begun = bool(request.GET.get("after"))
    kept = {"kind": request.GET["kind"]} if request.GET.get("kind") else {}
    pages = {}
    if rows and (back or more):
        pages["older"] = "?" + urlencode(kept | {"after": cursor_of({"pk": rows[-1].pk}, ORDER)})
    if rows and ((back and more) or (begun and not back)):
        pages["newer"] = "?" + urlencode(kept | {"before": cursor_of({"pk": rows[0].pk}, ORDER)})
    return pages
