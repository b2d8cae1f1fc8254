"""A call: who calls, from which door, what is needed, when to call back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Area, Post, User, around
from accounts.rules import ABILITIES, Ability, Level
from cases.actions.judging import PersonFacts
from cases.forms.person import AddressForm
from cases.models import Person
from cases.rules import IdKind, phone_doubt, tidy_person_name, tidy_phone
from policy.clock import midnight
from supplies.actions.asking import Ask
from supplies.forms.stock import date_input
from supplies.models import Hotline
from supplies.models.calls import CallQuerySet
from supplies.rules.calls import CALL_OUTCOMES, CallOutcome
from supplies.rules.medical import TREATMENT_KINDS, TreatmentKind
from supplies.rules.needs import NEED_KINDS, URGENCIES, NeedKind, NeedSource, Urgency
from zones.models import Compound
from zones.rules import tidy_name

NAMED_TREATMENTS = (TreatmentKind.DIALYSIS, TreatmentKind.CHEMOTHERAPY, TreatmentKind.PREGNANCY)
MOST_NEEDS = 3
"""So many things fit on one form; a fourth is a second entry."""
MOST_OPERATORS = 200


@dataclass(frozen=True, slots=True)
class NeedRow:
    """The three fields of one need, as the template draws them."""

    kind: forms.BoundField
    urgency: forms.BoundField
    text: forms.BoundField


def _kinds() -> list[tuple[str, str]]:
    """What can be needed, the emergency first; of a doctor what for: dialysis is dialysis from the start."""
    found = []
    for kind, label in sorted(NEED_KINDS.items(), key=lambda each: each[0] is not NeedKind.EMERGENCY):
        found.append((str(kind), str(label)))
        if kind is NeedKind.DOCTOR:
            found += [(f"{kind}:{each}", f"{label} · {TREATMENT_KINDS[each]}") for each in NAMED_TREATMENTS]
    return found


def _treatment(kind: str) -> TreatmentKind | None:
    what = kind.partition(":")[2]
    return TreatmentKind(what) if what else None


class NeedRows(forms.Form):
    """Up to three needs: what, how urgent, in the caller's words; an empty row is none."""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        for number in range(MOST_NEEDS):
            self.fields[f"kind-{number}"] = forms.ChoiceField(
                label=_("What is needed?"),
                required=False,
                choices=[("", _("nothing")), *_kinds()],
            )
            self.fields[f"urgency-{number}"] = forms.ChoiceField(
                label=_("How urgent?"),
                required=False,
                choices=[("", _("as usual"))]
                + [(str(urgency), label) for urgency, label in URGENCIES.items()],
            )
            self.fields[f"text-{number}"] = forms.CharField(
                label=_("In the caller's words"),
                required=False,
                max_length=500,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )

    @property
    def need_rows(self) -> list[NeedRow]:
        """The rows to draw."""
        return [
            NeedRow(self[f"kind-{number}"], self[f"urgency-{number}"], self[f"text-{number}"])
            for number in range(MOST_NEEDS)
        ]

    def clean(self) -> dict[str, Any]:
        """A text without a kind asks what it is."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for number in range(MOST_NEEDS):
            if cleaned.get(f"text-{number}") and not cleaned.get(f"kind-{number}"):
                self.add_error(f"kind-{number}", _("Please choose what this is."))
            kind, text = cleaned.get(f"kind-{number}"), cleaned.get(f"text-{number}")
            if kind in (NeedKind.FOOD, NeedKind.MEDICINE, NeedKind.OTHER) and not text:
                self.add_error(f"text-{number}", _("Please say what is needed."))
        return cleaned

    def asks(self, person: Person, source: NeedSource, phone: str = "") -> list[Ask]:
        """What is asked for, as the verb takes it."""
        cleaned = self.cleaned_data
        return [
            Ask(
                kind=NeedKind(cleaned[f"kind-{number}"].partition(":")[0]),
                treatment=_treatment(cleaned[f"kind-{number}"]),
                community=person.community,
                source=source,
                text=cleaned[f"text-{number}"],
                person=person,
                urgency=Urgency(cleaned[f"urgency-{number}"]) if cleaned[f"urgency-{number}"] else None,
                call_phone=phone,
            )
            for number in range(MOST_NEEDS)
            if cleaned.get(f"kind-{number}")
        ]


class CallForm(NeedRows):
    """A call of somebody who is known."""

    hotline = forms.ModelChoiceField(
        label=_("Came in on"), required=False, queryset=Hotline.objects.none(), empty_label=_("another line")
    )
    phone = forms.CharField(
        label=_("Telephone of the caller"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("Empty: the number on file."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)
    call_back_at = forms.DateTimeField(
        label=_("Call back at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Please give date and time.")},
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, data: Any = None, *, user: User, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.now = now
        lines = Hotline.objects.serving(user.area) if user.area else Hotline.objects.none()
        self.fields["hotline"].queryset = lines  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        """Digits only."""
        return tidy_phone(self.cleaned_data["phone"])

    def clean_call_back_at(self) -> dt.datetime | None:
        """Not in the past."""
        at: dt.datetime | None = self.cleaned_data["call_back_at"]
        if at and at < self.now - dt.timedelta(minutes=1):
            raise forms.ValidationError(_("This lies in the past."))
        return at

    @property
    def doubts(self) -> dict[str, Any]:
        """An odd number may be saved all the same."""
        phone = tidy_phone(self.data.get("phone", "")) if self.is_bound else ""
        if phone and phone_doubt(phone):
            return {"phone": _("This looks like neither a mobile nor a landline number; please check it.")}
        return {}


class CallFilter(forms.Form):
    """What narrows the log. Words come unsealed from the view: no name and no number stands in an address."""

    words = forms.CharField(
        label=_("Name, telephone, last four digits or address"),
        required=False,
        max_length=80,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": _("Name, telephone, last four digits or address"),
                "autocomplete": "off",
            }
        ),
    )
    since = forms.DateField(label=pgettext_lazy("period", "From"), required=False, widget=date_input())
    until = forms.DateField(label=pgettext_lazy("period", "To"), required=False, widget=date_input())
    operator = forms.ChoiceField(label=_("taken by"), required=False)
    outcome = forms.ChoiceField(
        label=_("what came of it"),
        required=False,
        choices=[("", _("every outcome"))] + [(str(key), name) for key, name in CALL_OUTCOMES.items()],
    )

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data, auto_id="find-%s")
        names = [(str(each.pk), str(each)) for each in _operators(user)]
        self.fields["operator"].choices = [("", _("every operator")), *names]  # type: ignore[attr-defined]

    def narrow(self, calls: CallQuerySet) -> CallQuerySet:
        """The calls that match; a filter that makes no sense narrows nothing."""
        self.is_valid()
        chosen = self.cleaned_data
        if words := chosen.get("words", "").strip():
            calls = calls.matching(words)
        if since := chosen.get("since"):
            calls = calls.filter(at__gte=midnight(since))
        if until := chosen.get("until"):
            calls = calls.filter(at__lt=midnight(until + dt.timedelta(days=1)))
        if operator := chosen.get("operator"):
            calls = calls.filter(taken_by=int(operator))
        if outcome := chosen.get("outcome"):
            calls = calls.with_outcome(CallOutcome(outcome))
        return calls

    @property
    def narrows(self) -> bool:
        """Whether anything is chosen."""
        self.is_valid()
        return any(self.cleaned_data.values())


def _operators(user: User) -> Sequence[User]:
    """Who may have taken a call of the user's area: staff there, below it, or above it. No call is read."""
    if user.area is None:
        return []
    taking = [role for role, abilities in ABILITIES.items() if Ability.TAKE_CALLS in abilities]
    posted = Post.objects.filter(user=OuterRef("pk"), role__in=taking)
    found = User.objects.filter(around(user.area, "area__"), Exists(posted)).order_by("username")
    return list(found[:MOST_OPERATORS])


class NewCallerForm(CallForm, AddressForm):
    """A call of somebody who is not in the register: name and door make a file."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    community = forms.ModelChoiceField(
        label=_("Community"),
        required=False,
        queryset=Area.objects.none(),
        empty_label=_("that of the compound"),
    )

    def __init__(self, data: Any = None, *, user: User, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(data, user=user, now=now, **kwargs)
        self.user = user
        self.fields["phone"].help_text = ""
        if user.area is None or user.area.level == Level.COMMUNITY:
            del self.fields["community"]
        else:
            communities = Area.objects.communities().within(user.area)
            self.fields["community"].queryset = communities  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """A name of blanks is none."""
        name = tidy_person_name(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("The name is missing."))
        return name

    def clean(self) -> dict[str, Any]:
        """Above a community the compound says which one it is, where its name is the only one."""
        cleaned = super().clean()
        if "community" in self.fields and not cleaned.get("community") and self.user.area:
            name = tidy_name(cleaned.get("compound", ""))
            named = Compound.objects.within(self.user.area).filter(name=name).select_related("community")[:2]
            found = list(named) if name else []
            if len(found) == 1:
                cleaned["community"] = found[0].community
            else:
                self.add_error("community", _("Please choose the community."))
        return cleaned

    @property
    def community_meant(self) -> Area | None:
        """The user's own community, the one chosen, or that of the compound."""
        if "community" not in self.fields:
            return self.user.area
        chosen: Area | None = self.cleaned_data.get("community")
        return chosen

    def facts(self, community: Area) -> PersonFacts:
        """The file that the call makes."""
        return PersonFacts(
            name=self.cleaned_data["name"],
            community=community,
            id_kind=IdKind.NONE,
            id_number="",
            phone=self.cleaned_data["phone"],
            stairs=self.stairs(community),
            door=self.cleaned_data.get("door", ""),
        )
