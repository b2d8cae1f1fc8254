"""The resident's page: my days, what I need, what became of it. Phone first, works without JavaScript."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.models import Episode
from cases.rows import episode_row
from cases.views.answers import blame
from cases.views.printing import Sheet, no_release
from policy.refusals import BadInput, RuleViolation
from supplies.actions.asking import Ask
from supplies.actions.household_asking import ask_with_prescriptions
from supplies.forms.asking import AskForm, ReasonForm
from supplies.household import household_of, shown_needs
from supplies.models import CareSite, ResidentLink
from supplies.need_rows import NeedRow
from supplies.rules.names import masked_name
from supplies.rules.needs import DELIVERED, NEED_KINDS, NEED_STATES, NeedKind, NeedSource
from supplies.views.hotlines import by_purpose, lines_for
from supplies.views.resident_door import LARGE, Door, behind_link

ASKED = (
    NeedKind.FOOD,
    NeedKind.MEDICINE,
    NeedKind.DOCTOR,
    NeedKind.TALK,
    NeedKind.ALONE,
    NeedKind.PET,
    NeedKind.OTHER,
)
"""What the page offers below the emergency, in this order."""
MOST_LINES = 8


@behind_link
@require_safe
def my_page(request: HttpRequest, door: Door) -> HttpResponse:
    """Everything of this household on one page."""
    _note_use(door)
    household = household_of(door.link, door.people, door.at)
    lines = by_purpose(lines_for(door.link.community, door.at))
    lines.sort(key=lambda line: (not line.is_answered, not line.is_open))
    context = {
        **door.context,
        "household": household,
        "lines": lines[:MOST_LINES],
        "kinds": [(kind, NEED_KINDS[kind]) for kind in ASKED],
        "today": timezone.localdate(door.at),
    }
    return render(request, "supplies/resident/page.html", context)


def _note_use(door: Door) -> None:
    """On which day the link was used last; written once a day."""
    today = timezone.localdate(door.at)
    if door.link.last_used_on != today:
        ResidentLink.objects.filter(pk=door.link.pk).update(last_used_on=today)


@behind_link
@require_POST
def my_look(request: HttpRequest, door: Door) -> HttpResponse:
    """Large type on or off, or the other language: kept in a cookie, and back to where one was."""
    wanted = request.POST.get("next", "")
    answer = HttpResponseRedirect(wanted if wanted.startswith(door.url) else door.url, status=303)
    if (language := request.POST.get("language", "")) in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    if (size := request.POST.get("type", "")) in ("large", "usual"):
        answer.set_cookie(
            LARGE,
            "1" if size == "large" else "0",
            max_age=settings.LANGUAGE_COOKIE_AGE,
            httponly=True,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    return answer


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


@behind_link
@require_http_methods(["GET", "HEAD", "POST"])
def my_ask(request: HttpRequest, door: Door, kind: str) -> HttpResponse:
    """Ask for something of that kind. An emergency has its own page."""
    if kind not in ASKED:
        raise Http404
    return _ask(request, door, NeedKind(kind), "supplies/resident/ask.html")


@behind_link
@require_http_methods(["GET", "HEAD", "POST"])
def my_emergency(request: HttpRequest, door: Door) -> HttpResponse:
    """Tell the community at once; the button alone is enough, nothing has to be filled in."""
    return _ask(request, door, NeedKind.EMERGENCY, "supplies/resident/emergency.html")


def _ask(request: HttpRequest, door: Door, kind: NeedKind, template: str) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = AskForm(data, kind=kind, people=door.people, at=door.at)
    if data is not None and (form.is_valid() or kind is NeedKind.EMERGENCY):
        try:
            return _asked(request, door, form)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
    context = {**door.context, "form": form, "kind": kind, "title": NEED_KINDS[kind]}
    context["delivered"] = kind in DELIVERED
    return render(request, template, context, status=422 if form.errors else 200)


def _asked(request: HttpRequest, door: Door, form: AskForm) -> HttpResponse:
    """Write it down and show it. Of an emergency whatever could be read is kept; nothing holds it up."""
    values = form.cleaned_data
    text = values.get("text", "")
    if form.errors:  # only of an emergency: as it was written, the number for calls included
        typed = [form.data.get(name, "") for name in ("text", "call_phone")]
        text = " ".join(part for part in typed if part)[:1000]
    asked = Ask(
        kind=form.kind,
        community=door.link.community,
        source=NeedSource.RESIDENT,
        text=text,
        person=_for_whom(door, form),
        link=door.link,
        unit=door.link.unit,
        door=door.link.door,
        lines=form.lines(),
        call_phone=values.get("call_phone", ""),
        treatment=values.get("treatment") or None,
        wanted_at=form.wanted_at,
    )
    token = f"{door.link.pk}:{values['token']}" if "token" in values else f"{door.link.pk}:{door.at:%y%j%H%M}"
    needs = ask_with_prescriptions(asked, list(values.get("prescriptions") or ()), token=token, at=door.at)
    if form.kind is not NeedKind.EMERGENCY:
        messages.success(request, _("We have it. Below you see how far it is."))
    address = reverse("my-need", args=[door.token, needs[0].number]) if len(needs) == 1 else door.url
    return HttpResponseRedirect(address, status=303)


def _for_whom(door: Door, form: AskForm) -> Any:
    """The person; somebody who lives alone need not say so."""
    chosen = form.cleaned_data.get("for_whom")
    return door.people[0] if chosen is None and len(door.people) == 1 else chosen


# ── what became of it ────────────────────────────────────────────────────────────────────────────


def row_of(door: Door, number: str) -> NeedRow:
    """A need of this household; any other is a 404."""
    needs = shown_needs(door.link, door.people, door.at)
    return NeedRow(get_object_or_404(needs, number=number), door.at)


def _answering(row: NeedRow) -> CareSite | None:
    """The hospital that answers for the patient at this moment (first consult); None: the community does."""
    if not (row.is_medical and row.is_live):
        return None
    return CareSite.objects.select_related("site").filter(site=row.need.medical.owner_id).first()


@behind_link
@require_safe
def my_need(request: HttpRequest, door: Door, number: str) -> HttpResponse:
    """How far one thing is, and the words that the resident has about it."""
    return need_page(request, door, row_of(door, number))


def need_page(
    request: HttpRequest, door: Door, row: NeedRow, *, bound: ReasonForm | None = None
) -> HttpResponse:
    """The page of a need; `bound` is a word that was refused."""
    events = row.need.events.order_by("at", "pk")
    context = {
        **door.context,
        "row": row,
        "need": row.need,
        "state": NEED_STATES[row.need.state],  # type: ignore[index]
        "for_name": masked_name(row.need.person.name) if row.need.person else "",
        "events": events,
        "hospital": _answering(row),
        "bound": bound,
        "today": timezone.localdate(door.at),
    }
    return render(request, "supplies/resident/need.html", context, status=422 if bound else 200)


# ── the notice of release ────────────────────────────────────────────────────────────────────────


@behind_link
@require_safe
def my_release(request: HttpRequest, door: Door, pk: int) -> HttpResponse:
    """The resident's own copy of the notice of release, to show or to print; the name stays masked."""
    today = timezone.localdate(door.at)
    episode = _own_episode(door, pk, today)
    sheet = Sheet(episode, episode_row(episode, today), today)
    context = {**door.context, "sheet": sheet, "name": masked_name(episode.person.name)}
    return render(request, "supplies/resident/release.html", context)


def _own_episode(door: Door, pk: int, today: dt.date) -> Episode:
    own = Episode.objects.filter(person__in=[each.pk for each in door.people])
    episode = get_object_or_404(own.select_related("person", "community", "street"), pk=pk)
    if no_release(episode, today):
        raise Http404
    return episode
