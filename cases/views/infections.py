"""Infections: the list, one of them with all that follows from it, and the verbs of its page."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.encryption import decrypt, encrypt
from accounts.models import Area, User
from accounts.rules import Ability, Level
from cases.actions import infections as actions
from cases.actions import tracing
from cases.actions.zoning import proposed_units
from cases.earlies import EARLIES, Step
from cases.earlies_query import earlies_of, late_infections
from cases.forms.infection import AssessmentForm, InfectionForm, StayForm
from cases.models import Episode, Infection, InfectionStay, Person
from cases.paging import KeysetOrder, cursor_of, keyset_page
from cases.rows import episode_rows
from cases.views.answers import back, blame, key_in
from cases.views.registration import suggestions
from policy import clock
from policy.refusals import BadInput, RuleViolation
from zones.models import SealCause, Site, Zone
from zones.rules import FOUND_WHERE, FoundWhere

PAGE = 50
ORDER = KeysetOrder(("found_on", "id"), descending=True)
TABS = {
    "open": pgettext_lazy("infections", "To do"),
    "late": pgettext_lazy("infections", "Late"),
    "all": pgettext_lazy("infections", "All"),
}


def infection_of(request: StaffRequest, pk: int) -> Infection:
    """An infection of the user's area; a neighbour's is a 404."""
    found = Infection.objects.visible_to(request.user).select_related(
        "person__unit__building__compound", "community", "street", "county", "assessment__owner"
    )
    return get_object_or_404(found, pk=pk)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.SEE_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def infections(request: StaffRequest) -> HttpResponse:
    """One page of the infections in the user's area. A search is a POST: names stand in no address."""
    if request.method == "POST":
        words = request.POST.get("q", "").strip()
        kept = {"tab": "all"} | ({"words": encrypt(words)} if words else {})
        return HttpResponseRedirect(f"{reverse('infections')}?{urlencode(kept)}", status=303)
    user, at = request.user, clock.now()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    where = request.GET.get("where", "")
    words = _words(request)
    found = _narrowed(_scope(user, tab), where, words)
    rows, older, newer = _page(request, found)
    context = {
        "rows": [(each, _late_steps(each, at)) for each in rows],
        "tab": tab,
        "tabs": [
            {"key": key, "label": label, "count": _scope(user, key).count() if key != "all" else None}
            for key, label in TABS.items()
        ],
        "where": where,
        "wheres": FOUND_WHERE,
        "searched": words,
        "kept": urlencode({"words": request.GET["words"]}) if words else "",
        "query": urlencode({key: request.GET[key] for key in ("where", "words") if request.GET.get(key)}),
        "older": older,
        "newer": newer,
        "may_work": user.may(Ability.WORK_CASES),
        "show_community": user.area is not None and user.area.level != Level.COMMUNITY,
        "office": user.area,
    }
    return render(request, "cases/infections/infections.html", context)


def _page(request: StaffRequest, found: QuerySet[Infection]) -> tuple[list[Infection], str, str]:
    """The rows that the cursors in the address ask for, and the cursors of the pages beside it."""
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    queryset, backwards = keyset_page(found, ORDER, after=after, before=before, size=PAGE)
    page = list(queryset)
    more = len(page) > PAGE
    page = page[:PAGE]
    if backwards:
        page.reverse()
    if not page:
        return page, "", ""
    first, last = (
        cursor_of({"found_on": each.found_on, "id": each.pk}, ORDER) for each in (page[0], page[-1])
    )
    return page, last if more or backwards else "", first if (more if backwards else bool(after)) else ""


def _late_steps(infection: Infection, at: dt.datetime) -> list[tuple[Any, Step]]:
    """What runs past its limit now, as the tab counts it: of people whom we know."""
    if infection.person_id is None or infection.retracted_at is not None:
        return []
    return [(EARLIES[step.ends], step) for step in earlies_of(infection, at) if step.late and step.running]


def _words(request: StaffRequest) -> str:
    try:
        return decrypt(request.GET.get("words", "")) if request.GET.get("words") else ""
    except ValueError:  # an address of another installation, or cut short
        return ""


def _scope(user: User, tab: str) -> QuerySet[Infection]:
    if tab == "late":
        late = late_infections(user, clock.now()).order_by().values("pk")
        return Infection.objects.filter(pk__in=late)
    everything = Infection.objects.visible_to(user)
    return everything.to_trace() if tab == "open" else everything


def _narrowed(found: QuerySet[Infection], where: str, words: str) -> QuerySet[Infection]:
    if where in FOUND_WHERE:
        found = found.filter(found_where=where)
    if words:
        people = Person.objects.matching(words).values("pk")
        found = found.filter(Q(label__icontains=words) | Q(person__in=people))
    zones = SealCause.objects.filter(infection=OuterRef("pk"), withdrawn_at=None, seal__swept_at=None)
    return found.select_related("community", "person", "assessment").annotate(
        contact_count=Count("contacts"), in_zone=Exists(zones)
    )


# ── reported and corrected ───────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def infection_new(request: StaffRequest) -> HttpResponse:
    """Record an infection that was reported from outside; `act=find` only looks the person up."""
    user = request.user
    key = key_in(request.GET, "person")
    person = Person.objects.visible_to(user).filter(pk=key).first() if key else None
    form = InfectionForm(request.POST or None, user=user, today=clock.today(), person=person)
    if request.method == "POST" and request.POST.get("act") != "find" and form.is_valid():
        if form.searched and form.cleaned_data["person"] is None and "sure" not in request.POST:
            form.add_error("person", _("Please pick the person, or “not in our register”."))
        else:
            community = form.cleaned_data.get("community") or user.area
            assert isinstance(community, Area)  # noqa: S101
            try:
                made = actions.report_infection(
                    community=community, facts=form.facts(), by=user, at=clock.now()
                )
            except (RuleViolation, BadInput) as refusal:
                blame(form, refusal)
            else:
                messages.success(request, _("%(label)s: recorded") % {"label": made.label})
                return redirect(made)
    refused = request.method == "POST" and request.POST.get("act") != "find"
    return _form_page(request, form, None, status=422 if refused else 200)


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def infection_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct the facts of an infection."""
    infection = infection_of(request, pk)
    user = request.user
    form = InfectionForm(
        request.POST or None, user=user, today=clock.today(), infection=infection, person=infection.person
    )
    if request.method == "POST" and request.POST.get("act") != "find" and form.is_valid():
        try:
            actions.update_infection(infection=infection, facts=form.facts(), by=user, at=clock.now())
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("%(label)s: saved") % {"label": infection.label})
            return redirect(infection)
    refused = request.method == "POST" and request.POST.get("act") != "find"
    return _form_page(request, form, infection, status=422 if refused else 200)


def _form_page(
    request: StaffRequest, form: InfectionForm, infection: Infection | None, *, status: int
) -> HttpResponse:
    context = {"form": form, "infection": infection}
    return render(request, "cases/infections/infection_form.html", context, status=status)


@requires(Ability.SUPERVISE)
@require_POST
def infection_retract(request: StaffRequest, pk: int) -> HttpResponse:
    """The positive result was a mistake: what is sealed because of it rests on the others, or opens."""
    infection = infection_of(request, pk)
    words = {"label": infection.label}
    try:
        done = actions.retract_infection(infection=infection, by=request.user, at=clock.now())
    except RuleViolation as refusal:
        messages.warning(request, str(refusal))
        return redirect(infection)
    said = _("%(label)s: taken back; what was sealed because of it is counted anew") % words
    messages.success(request, said if done else _("%(label)s: recorded already, nothing changed") % words)
    return redirect(infection)


# ── one infection ────────────────────────────────────────────────────────────────────────────────


@requires(Ability.SEE_CASES)
@require_safe
def infection(request: StaffRequest, pk: int) -> HttpResponse:
    """The page of one infection."""
    return infection_page(request, infection_of(request, pk))


def infection_page(
    request: StaffRequest,
    found: Infection,
    *,
    stay_form: StayForm | None = None,
    assessment_form: AssessmentForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; the forms are those that were refused."""
    user, at, today = request.user, clock.now(), clock.today()
    zones = Zone.objects.visible_to(user).filter(
        seals__causes__infection=found.pk, seals__causes__withdrawn_at=None
    )
    assessment = getattr(found, "assessment", None)
    context: dict[str, Any] = {
        "infection": found,
        "where": FOUND_WHERE[FoundWhere(found.found_where)],
        "steps": [(EARLIES[step.begins], EARLIES[step.ends], step) for step in earlies_of(found, at)],
        "stays": found.stays.select_related("unit__building__compound", "site"),
        "contacts": _contact_lines(found, user),
        "assessment": assessment,
        "assessment_late": assessment.late(at) if assessment else False,
        "zones": [(zone, zone.release_on > today) for zone in zones.select_related("compound").distinct()],
        "proposed": proposed_units(infection=found, at=at),
        "may_work": user.may(Ability.WORK_CASES),
        "may_supervise": user.may(Ability.SUPERVISE),
        "stay_form": stay_form or StayForm(today=today, found_on=found.found_on),
        "assessment_form": assessment_form or AssessmentForm(),
        "sites": Site.objects.filter(community__code__startswith=found.community.code[:6])
        .order_by("name")
        .values_list("name", flat=True)[:200],
        "today": today,
        "at": at,
        **suggestions(user, found.community),
    }
    if found.person is not None:
        last = Episode.objects.visible_to(user).filter(person=found.person).order_by("-pk").first()
        context["episode"] = last
    return render(request, "cases/infections/infection.html", context, status=status)


def _contact_lines(found: Infection, user: User) -> list[dict[str, Any]]:
    """The contacts with what came of each: the row of the episode where the reader may see it."""
    contacts = list(found.contacts.select_related("person__community", "ground", "judged_by"))
    people = [contact.person_id for contact in contacts]
    episodes = Episode.objects.visible_to(user).filter(person__in=people).order_by("pk")
    latest = dict(episodes.values_list("person_id", "pk"))
    rows = {row.pk: row for row in episode_rows(sorted(latest.values()), clock.today())}
    in_sight = set(Person.objects.visible_to(user).filter(pk__in=people).values_list("pk", flat=True))
    return [
        {
            "contact": contact,
            "name": contact.person.name if contact.person_id in in_sight else "",
            "row": rows.get(latest.get(contact.person_id, 0)),
            "kind": contact.get_kind_display(),
            "elsewhere": contact.person_id not in latest,
        }
        for contact in contacts
    ]


@requires(Ability.WORK_CASES)
@require_POST
def stay_add(request: StaffRequest, pk: int) -> HttpResponse:
    """A place where the infected person stayed; a unit that is new here is made."""
    found = infection_of(request, pk)
    form = StayForm(request.POST, today=clock.today(), found_on=found.found_on)
    if form.is_valid():
        try:
            _add_stay(found, form.cleaned_data, request.user)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("Place recorded"))
            return back(request, f"{found.get_absolute_url()}#stays")
    return infection_page(request, found, stay_form=form, status=422)


def _add_stay(found: Infection, values: dict[str, Any], by: User) -> None:
    """Make the place where it is new, and record the stay; a refused stay leaves no place behind."""
    site_name = values["site"].strip()
    with transaction.atomic():
        unit = None
        if not site_name:
            unit = actions.unit_of_stay(
                infection=found, compound=values["compound"], building=values["building"], unit=values["unit"]
            )
        actions.add_stay(
            infection=found,
            purpose=values["purpose"],
            unit=unit,
            site=_site(found, site_name) if site_name else None,
            from_on=values["from_on"],
            to_on=values["to_on"],
            note=values["note"],
            by=by,
            at=clock.now(),
        )


def _site(found: Infection, name: str) -> Site:
    site = Site.objects.filter(community__code__startswith=found.community.code[:6], name=name).first()
    if site is None:
        raise BadInput("site", _("No site of the county has this name."))
    return site


@requires(Ability.WORK_CASES)
@require_POST
def stay_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back a place that was entered by mistake."""
    mine = Infection.objects.visible_to(request.user)
    stay = get_object_or_404(InfectionStay.objects.filter(infection__in=mine), pk=pk)
    actions.remove_stay(stay=stay, by=request.user, at=clock.now())
    messages.success(request, _("Place taken back"))
    return back(request, f"{stay.infection.get_absolute_url()}#stays")


@requires(Ability.WORK_CASES)
@require_POST
def infection_judged(request: StaffRequest, pk: int) -> HttpResponse:
    """Tick that the contacts of an infection are judged."""
    found = infection_of(request, pk)
    done = tracing.judge_contacts(infection=found, by=request.user, at=clock.now())
    words = {"label": found.label}
    unchanged = _("%(label)s: recorded already, nothing changed") % words
    messages.success(request, _("%(label)s: contacts traced") % words if done else unchanged)
    return back(request, found.get_absolute_url())


@requires(Ability.WORK_CASES)
@require_POST
def assessment_take(request: StaffRequest, pk: int) -> HttpResponse:
    """Become the owner of the judgement of spread."""
    found = infection_of(request, pk)
    assessment = getattr(found, "assessment", None)
    if assessment is None:
        assessment = tracing.open_assessment(infection=found, owner=request.user, at=clock.now())
    else:
        tracing.take_assessment(assessment=assessment, by=request.user, at=clock.now())
    messages.success(request, _("The judgement of spread is yours"))
    return back(request, f"{found.get_absolute_url()}#assessment")


@requires(Ability.WORK_CASES)
@require_POST
def assessment_close(request: StaffRequest, pk: int) -> HttpResponse:
    """Answer the judgement of spread."""
    found = infection_of(request, pk)
    assessment = getattr(found, "assessment", None)
    form = AssessmentForm(request.POST)
    if assessment is not None and form.is_valid():
        try:
            done = tracing.close_assessment(
                assessment=assessment, by=request.user, at=clock.now(), **form.cleaned_data
            )
        except BadInput as refusal:
            blame(form, refusal)
        else:
            unchanged = _("The spread was judged already, nothing changed")
            messages.success(request, _("Spread judged") if done else unchanged)
            return back(request, f"{found.get_absolute_url()}#assessment")
    if assessment is None:
        messages.warning(request, _("No judgement of spread is open here."))
        return redirect(found)
    return infection_page(request, found, assessment_form=form, status=422)
