"""Registering a family at once: one reason, one address, one telephone, and a row for each member."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import Area
from accounts.rules import Ability
from cases.actions.judging import WRITTEN, PersonFacts, Registration, Verdict
from cases.actions.registration import list_person, register
from cases.forms.person import address_of
from cases.forms.registration import FamilyForm, MemberForm, Under
from cases.models import Episode, Person
from cases.rules import ID_DOUBTS, IdKind, resident_id_doubt, tidy_number
from cases.views.answers import htmx
from cases.views.foreseeing import Foresight, foresee_all
from cases.views.registration import Start, cause_of, community_shown, suggestions
from policy.strip import short_date
from policy.types import Category

ROWS = 4
MOST_ROWS = 20


@dataclass(slots=True)
class Saved:
    """What became of the rows that could be saved."""

    episodes: list[Episode] = field(default_factory=list)
    listed: list[Person] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The sentence for the toast."""
        parts = []
        if self.episodes:
            count = len(self.episodes)
            text = ngettext("%(n)d person registered", "%(n)d people registered", count)
            parts.append(text % {"n": count})
        if self.listed:
            count = len(self.listed)
            parts.append(ngettext("%(n)d person listed", "%(n)d people listed", count) % {"n": count})
        return pgettext("between items", ", ").join(parts)


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def register_family(request: StaffRequest) -> HttpResponse:
    """One form for a household: good rows are saved, the others stay with their reason.

    `?home=` begins from an episode of that home. Members are put under the rule, or only listed.
    """
    start = Start(request)
    if start.category is None:
        start.category = Category.CLOSE_CONTACT
    if request.method == "GET":
        rows = [MemberForm(number=number) for number in range(ROWS)]
        return _page(request, start, _form(start, None, initial=_initial(start)), rows)
    form = _form(start, request.POST)
    rows = [MemberForm(request.POST, number=number) for number in range(_row_count(request))]
    act = request.POST.get("act", "save")
    if act == "more":
        more = len(rows) + 2
        return _page(request, start, *_unchecked(request, start, min(more, MOST_ROWS)))
    if act == "refresh":
        return _page(request, start, *_unchecked(request, start, len(rows)))
    return _save(request, start, form, rows)


def _form(start: Start, data: Any, **kwargs: Any) -> FamilyForm:
    assert start.category is not None  # noqa: S101 - set above
    return FamilyForm(
        data,
        user=start.user,
        category=start.category,
        edition=start.edition,
        today=start.today,
        home=start.home.person if start.home else None,
        **kwargs,
    )


def _initial(start: Start) -> dict[str, Any]:
    values: dict[str, Any] = {"category": start.category, "registered_on": start.today}
    if start.home is not None:
        values |= cause_of(start.home) | address_of(start.home.person)
        values["community"] = start.home.community_id
    return values


def _row_count(request: StaffRequest) -> int:
    text = request.POST.get("rows", "")
    return min(int(text), MOST_ROWS) if text.isdecimal() and len(text) < 4 else ROWS


def _unchecked(request: StaffRequest, start: Start, count: int) -> tuple[FamilyForm, list[MemberForm]]:
    """What stands in the form, without checking it: after "one more row" or another category."""
    form = _form(start, None, initial=request.POST.dict())
    rows = []
    for number in range(count):
        prefix = f"row-{number}-"
        typed: dict[str, Any] = {
            key.removeprefix(prefix): value for key, value in request.POST.items() if key.startswith(prefix)
        }
        typed["key_marks"] = request.POST.getlist(f"{prefix}key_marks")
        rows.append(MemberForm(number=number, initial=typed))
    return form, rows


def _save(request: StaffRequest, start: Start, form: FamilyForm, rows: list[MemberForm]) -> HttpResponse:
    filled = [row for row in rows if not row.is_empty]
    shared = form.is_valid()
    if not filled and shared:
        form.add_error(None, _("Please enter at least one person."))
    checked = [row for row in filled if row.is_valid()]
    community = form.community_meant if shared else None
    if not shared or community is None or not checked:
        return _page(request, start, form, rows, status=422)
    saved = Saved()
    done = _register_rows(start, form, community, checked, saved)
    done += _list_rows(start, form, community, checked, saved)
    left = [row for row in filled if row not in done]
    if saved.words:
        messages.success(request, saved.words)
    if not left:
        return _after(request, saved)
    return _page(request, start, form, left, saved=saved, status=422)


def _register_rows(
    start: Start, form: FamilyForm, community: Area, rows: list[MemberForm], saved: Saved
) -> list[MemberForm]:
    """Register those under the rule that can be; the others get their reason. Returns the saved ones."""
    ruled = [row for row in rows if row.cleaned_data["under"] == Under.RULE]
    entries = [_entry(form, community, row) for row in ruled]
    foreseen = foresee_all(entries, by=start.user, at=start.at)
    good = [
        (row, entry)
        for row, entry, each in zip(ruled, entries, foreseen, strict=True)
        if _may_be_saved(row, each)
    ]
    judgements = register([entry for _row, entry in good], by=start.user, at=start.at)
    done = []
    for pair, judgement in zip(good, judgements, strict=True):
        if judgement.verdict in WRITTEN and judgement.episode is not None:
            saved.episodes.append(judgement.episode)
            done.append(pair[0])
        else:
            pair[0].add_error("name", str(judgement.sentence) or _("Not saved; please look again."))
    return done


def _entry(form: FamilyForm, community: Area, row: MemberForm) -> Registration:
    cause = form.cause()
    assert cause is not None  # noqa: S101 - the form is valid
    return Registration(
        facts=_facts(form, community, row), id_confirmed=row.cleaned_data["confirmed"], **cause
    )


def _facts(form: FamilyForm, community: Area, row: MemberForm) -> PersonFacts:
    return row.facts(
        community=community,
        stairs=form.stairs(community),
        door=form.cleaned_data["door"].strip(),
        phone=form.phone_meant,
    )


def _may_be_saved(row: MemberForm, foresight: Foresight) -> bool:
    """Whether a row can be saved as it stands; else its reason stands at the row."""
    confirmed = row.cleaned_data["confirmed"]
    if foresight.needs_consent and not confirmed:
        row.note = _consent_words(foresight)
        return False
    if foresight.verdict in WRITTEN:
        return True
    if foresight.verdict is Verdict.DOUBTFUL:
        row.doubts = {"id_number": foresight.sentence}
        return False
    words = foresight.sentence or _("Already in the register: this very exposure is entered.")
    sentence = f"{words}〔{foresight.clause}〕" if foresight.clause else str(words)
    row.add_error(foresight.field if foresight.field in row.fields else "name", sentence)
    row.reference = foresight.reference
    return False


def _consent_words(foresight: Foresight) -> str:
    """What saving the row would do to the episode that runs already."""
    if foresight.verdict is Verdict.EARLIER_EXPOSURE or foresight.plan is None:
        return _("Under a rule already, from a later exposure: this one is noted, the end does not move.")
    words = {
        "before": short_date(foresight.release_before or foresight.plan.release_on),
        "after": short_date(foresight.plan.release_on),
    }
    if not foresight.moves:
        return _("Under a rule already: a new ground, the end stays %(after)s.") % words
    return _("Under a rule already: a new ground, the end moves from %(before)s to %(after)s.") % words


def _list_rows(
    start: Start, form: FamilyForm, community: Area, rows: list[MemberForm], saved: Saved
) -> list[MemberForm]:
    """Enter those that are only listed; an odd ID has to be confirmed here too. Returns the saved ones."""
    done = []
    for row in rows:
        if row.cleaned_data["under"] != Under.LISTED:
            continue
        facts = _facts(form, community, row)
        number = tidy_number(facts.id_number)
        doubt = resident_id_doubt(number, start.today) if facts.id_kind is IdKind.RESIDENT_ID else None
        if number and doubt and not row.cleaned_data["confirmed"]:
            row.doubts = {"id_number": ID_DOUBTS[doubt]}
            continue
        person = list_person(facts, by=start.user, at=start.at)
        if _is_the_one(row, person, facts, start):
            saved.listed.append(person)
            done.append(row)
    return done


def _is_the_one(row: MemberForm, person: Person, facts: PersonFacts, start: Start) -> bool:
    """Whether the file that was made or found is that of the person meant, and in sight; else say so."""
    if person.name != facts.tidy_name:
        row.add_error(
            "id_number",
            _(
                "Under this ID number another name stands in the register: compare number and name "
                "with the card."
            ),
        )
        return False
    if not Person.objects.visible_to(start.user).filter(pk=person.pk).exists():
        row.add_error("name", _("On file in another community already; nobody is listed twice."))
        return False
    return True


def _after(request: StaffRequest, saved: Saved) -> HttpResponse:
    """To the first episode, on whose page the whole household stands; listed only: to the first file."""
    if saved.episodes:
        return redirect(f"{saved.episodes[0].get_absolute_url()}?registered=1")
    return redirect("person", saved.listed[0].pk)


def _page(
    request: StaffRequest,
    start: Start,
    form: FamilyForm,
    rows: list[MemberForm],
    *,
    saved: Saved | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "rows": [MemberForm(number=row.number) if row.is_bound and row.is_empty else row for row in rows],
        "count": max((row.number for row in rows), default=-1) + 1,
        "most": len(rows) >= MOST_ROWS,
        "saved": saved,
        "home": start.home,
        "category": start.category,
        "today": start.today,
        **suggestions(start.user, community_shown(form, start)),
    }
    whole = not htmx(request) or htmx(request).target != "family"
    template = "cases/register_family.html" if whole else "cases/_family.html"
    return render(request, template, context, status=status)
