"""Registering people: one person with the plan before the eyes, or a family at once."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import Area, User
from accounts.rules import Ability, Level
from cases.actions.judging import WRITTEN, Judgement, Verdict
from cases.actions.registration import register_person
from cases.forms.person import address_of
from cases.forms.registration import CauseForm, RegistrationForm
from cases.models import Episode, Infection, Person
from cases.rules import HomeCheck
from cases.views.answers import htmx, key_in
from cases.views.foreseeing import Foresight, foresee
from policy import clock
from policy.models import edition_in_force
from policy.refusals import RuleViolation
from policy.strip import short_date
from policy.types import Category
from zones.models import Building, Compound

NOT_RECOGNISED = gettext_lazy(
    "The register does not recognise this person by an ID number or by name and telephone: "
    "complete the file first."
)
SUGGESTIONS = 300
"""So many names at most are offered in a list of suggestions."""


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def register_new(request: StaffRequest) -> HttpResponse:
    """Register one person: category first, then only the fields it needs, the plan beside them.

    `?person=` begins from a file (somebody who is only listed, or was under a rule before), `?home=` from
    an episode of the same home. Nothing that was typed is lost by a refusal.
    """
    start = Start(request)
    if request.method == "POST":
        return _posted(request, start)
    if start.category is None:
        return _picker(request, start)
    form = start.form(None, initial=start.initial())
    return _page(request, start, form, None)


class Start:
    """From where a registration was begun: category, a known file, somebody of the same home."""

    def __init__(self, request: StaffRequest) -> None:
        values = request.POST if request.method == "POST" else request.GET
        self.user, self.at, self.today = request.user, clock.now(), clock.today()
        self.person: Person | None = None
        self.home: Episode | None = None
        if (wanted := key_in(values, "person")) is not None:
            people = Person.objects.visible_to(request.user).select_related("unit__building__compound")
            self.person = get_object_or_404(people, pk=wanted)
        if (wanted := key_in(values, "home")) is not None:
            episodes = Episode.objects.visible_to(request.user).select_related(
                "person__unit__building__compound"
            )
            self.home = get_object_or_404(episodes, pk=wanted)
        self.category = self._category(values.get("category", ""))
        self.edition = edition_in_force(self.today)

    def _category(self, asked: str) -> Category | None:
        if asked in list(Category):
            return Category(asked)
        return Category(self.home.category) if self.home else None

    def form(self, data: Any, **kwargs: Any) -> RegistrationForm:
        """The form of this category, for this user."""
        assert self.category is not None  # noqa: S101 - the picker comes first
        return RegistrationForm(
            data,
            user=self.user,
            category=self.category,
            edition=self.edition,
            today=self.today,
            known=self.person,
            home=self.home.person if self.home else None,
            **kwargs,
        )

    def initial(self) -> dict[str, Any]:
        """What the form says before anything is typed."""
        values: dict[str, Any] = {"category": self.category, "registered_on": self.today}
        if self.home is not None:
            values |= cause_of(self.home) | address_of(self.home.person)
            values["community"] = self.home.community_id
        if self.person is not None:
            values |= address_of(self.person) | {
                "name": self.person.name,
                "id_kind": self.person.id_kind,
                "sex": self.person.sex,
                "born_on": self.person.born_on,
                "community": self.person.community_id,
                "key_marks": [mark.kind for mark in self.person.key_marks.all()],
                "remarks": self.person.remarks,
            }
        return values


def cause_of(episode: Episode) -> dict[str, Any]:
    """Why and since when an episode is, as initial values for somebody of the same home."""
    ground = episode.grounds.filter(category=episode.category, anchor_on=episode.anchor_on).first()
    infection = ground.infection if ground else None
    return {
        "category": episode.category,
        "anchor_on": episode.anchor_on,
        "exposed_to": infection.label if infection else "",
        "home_check": episode.home_check or HomeCheck.UNCHECKED,
    }


def _picker(request: StaffRequest, start: Start) -> HttpResponse:
    rules = list(start.edition.rules.values())
    context = {
        "rules": rules,
        "abolished": start.edition.abolished,
        "edition": start.edition,
        "person": start.person,
        "today": start.today,
    }
    return render(request, "cases/register_pick.html", context)


def _posted(request: StaffRequest, start: Start) -> HttpResponse:
    """Save; or only show what would be saved; or only change the fields (another category)."""
    if start.category is None:
        start.category = Category.CLOSE_CONTACT
    form = start.form(request.POST)
    act = request.POST.get("act", "save")
    if act == "refresh":
        fresh = start.form(None, initial=_typed(request))
        return _page(request, start, fresh, _foresight(form, start))
    if act == "preview":
        foresight = _foresight(form, start)
        for name in [name for name in form.errors if not request.POST.get(name)]:
            del form.errors[name]  # not typed yet
        return _page(request, start, form, foresight)
    return _save(request, start, form)


def _typed(request: StaffRequest) -> dict[str, Any]:
    """What stands in the form, unchecked."""
    typed: dict[str, Any] = request.POST.dict()
    return typed | {"key_marks": request.POST.getlist("key_marks")}


def _foresight(form: RegistrationForm, start: Start) -> Foresight | None:
    """What would become of what is typed so far; None as long as the dates are missing."""
    form.is_valid()
    entry = form.registration()
    if entry is None:
        return None
    found = foresee(entry, by=start.user, at=start.at)
    named = bool(entry.facts.tidy_name) and found.verdict in WRITTEN
    if start.person is not None and named and (found.person is None or found.person.pk != start.person.pk):
        return Foresight(Verdict.WRONG, sentence=NOT_RECOGNISED, field="name")
    return found


def _save(request: StaffRequest, start: Start, form: RegistrationForm) -> HttpResponse:
    foresight = _foresight(form, start)
    entry = form.registration()
    if not form.is_valid() or entry is None or foresight is None:
        return _page(request, start, form, foresight, status=422)
    obstacle = foresight.verdict not in WRITTEN
    unseen = foresight.needs_consent and request.POST.get("seen") != foresight.token
    if obstacle or unseen:
        _say_why(form, foresight)
        return _page(request, start, form, foresight, status=422)
    try:
        judgement = register_person(entry, by=request.user, at=start.at)
    except RuleViolation:
        judgement = None
    if judgement is None or judgement.verdict not in WRITTEN or judgement.episode is None:
        foresight = foresee(entry, by=request.user, at=start.at)  # somebody was quicker: look again
        _say_why(form, foresight)
        return _page(request, start, form, foresight, status=422)
    messages.success(request, written_words(judgement))
    return redirect(f"{judgement.episode.get_absolute_url()}?registered=1")


def _say_why(form: RegistrationForm, foresight: Foresight) -> None:
    """Put at its field what keeps the entry from being saved. A doubt and a consent are no errors."""
    if foresight.verdict in (Verdict.REFUSED, Verdict.WRONG, Verdict.HELD_ELSEWHERE, Verdict.UNCHANGED):
        words = foresight.sentence or _("Already in the register: this very exposure is entered.")
        sentence = f"{words}〔{foresight.clause}〕" if foresight.clause else str(words)
        field = foresight.field or "name"
        form.add_error(field if field in form.fields else None, sentence)


def written_words(judgement: Judgement) -> str:
    """The sentence for the toast after something was registered."""
    episode, person = judgement.episode, judgement.person
    assert episode is not None  # noqa: S101 - it was written
    assert person is not None  # noqa: S101
    words = {"name": person.name, "day": short_date(episode.release_on)}
    if judgement.verdict is Verdict.EARLIER_EXPOSURE:
        return _("%(name)s: earlier exposure noted, the end does not move") % words
    if judgement.verdict is Verdict.NEW_GROUND:
        return _("%(name)s: new ground recorded, free from %(day)s") % words
    if not episode.restricted:
        return _("%(name)s is registered without restriction; one test is due") % words
    return _("%(name)s is registered, free from %(day)s") % words


def _page(
    request: StaffRequest,
    start: Start,
    form: RegistrationForm,
    foresight: Foresight | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "foresight": foresight,
        "today": start.today,
        "home": start.home,
        "person": start.person,
        "category": start.category,
        "doubtful": foresight is not None and foresight.verdict is Verdict.DOUBTFUL,
        "supervisor": start.user.may(Ability.SUPERVISE),
    }
    target = htmx(request).target if htmx(request) else ""
    if target == "foreseen":
        return render(request, "cases/_foreseen.html", context, status=status)
    context |= suggestions(start.user, community_shown(form, start))
    template = "cases/_registration.html" if target == "registration" else "cases/register_new.html"
    return render(request, template, context, status=status)


def community_shown(form: CauseForm, start: Start) -> Area | None:
    """The community whose compounds are suggested: the chosen one, else the user's area."""
    if "community" not in form.fields:
        return start.user.area
    chosen = form["community"].value()
    number = int(chosen) if str(chosen).isdecimal() and len(str(chosen)) < 19 else 0
    return Area.objects.visible_to(start.user).filter(pk=number).first() or start.user.area


def suggestions(user: User, area: Area | None) -> dict[str, list[str]]:
    """Names to choose from while typing: compounds and buildings of a community, infections in sight.

    Above a community nothing is suggested until one is chosen: a county has thousands of buildings.
    """
    infections = Infection.objects.visible_to(user).standing().values_list("label", flat=True)
    found = {"compounds": [], "buildings": [], "infections": list(infections[:SUGGESTIONS])}
    if area is not None and area.level == Level.COMMUNITY:
        compounds = Compound.objects.filter(community=area).order_by("name")
        buildings = Building.objects.filter(compound__community=area).order_by("name")
        found["compounds"] = list(compounds.values_list("name", flat=True)[:SUGGESTIONS])
        found["buildings"] = list(buildings.values_list("name", flat=True).distinct()[:SUGGESTIONS])
    return found
