"""The forms of the needs desk: filters of the list, and a need that staff write down."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from cases.models import Person
from supplies.forms.asking import AskForm
from supplies.models import Need
from supplies.models.need import NeedQuerySet
from supplies.rules.needs import NEED_KINDS, URGENCIES, NeedKind, NeedSource
from zones.models import Compound, Unit

MOST_COMPOUNDS = 200


class NeedFilter(forms.Form):
    """What narrows the list. Words of a search come unsealed from the view: no name stands in an address."""

    kind = forms.ChoiceField(label=_("what"), required=False)
    compound = forms.ModelChoiceField(
        label=_("compound"), required=False, queryset=Compound.objects.none(), empty_label=_("every compound")
    )
    building = forms.CharField(
        label=_("building"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": _("building, e.g. 4号楼")}),
    )
    words = forms.CharField(
        label=_("Number, name, door, or what is needed"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": _("Number, name, door, or what is needed"),
                "autocomplete": "off",
            }
        ),
    )

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data, auto_id="find-%s")
        self.fields["kind"].choices = [("", _("everything")), *NEED_KINDS.items()]  # type: ignore[attr-defined]
        self.fields["compound"].queryset = _compounds(user)  # type: ignore[attr-defined]

    def narrow(self, needs: NeedQuerySet) -> NeedQuerySet:
        """The needs that match; a filter that makes no sense narrows nothing."""
        self.is_valid()
        chosen = self.cleaned_data
        if kind := chosen.get("kind"):
            needs = needs.filter(kind=kind)
        if compound := chosen.get("compound"):
            needs = needs.filter(unit__building__compound=compound)
        if building := chosen.get("building"):
            needs = needs.filter(unit__building__name=building.strip())
        if words := chosen.get("words"):
            needs = needs.filter(_matching(words.strip()))
        return needs

    @property
    def narrows(self) -> bool:
        """Whether anything is chosen."""
        self.is_valid()
        return any(self.cleaned_data.values())


def _compounds(user: User) -> Any:
    """Compounds of the user's area from which something is wanted."""
    wanted = Need.objects.visible_to(user).live().filter(unit__isnull=False)
    keys = wanted.order_by().values("unit__building__compound")
    return Compound.objects.filter(pk__in=keys).order_by("name")[:MOST_COMPOUNDS]


def _matching(words: str) -> Q:
    found = Q(number__iexact=words) | Q(door=words) | Q(text__icontains=words)
    found |= Q(lines__item__name__icontains=words) & Q(lines__item__isnull=False)
    if not any(letter.isdigit() for letter in words):
        found |= Q(person__in=Person.objects.named_like(words))
    return Q(pk__in=Need.objects.filter(found).order_by().values("pk"))


class WrittenForm(AskForm):
    """What staff write down for somebody: the same fields, and by which way it came."""

    source = forms.ChoiceField(
        label=_("How did it come?"),
        choices=[
            (NeedSource.DOOR, pgettext_lazy("source of a need", "at the door")),
            (NeedSource.PHONE, pgettext_lazy("source of a need", "by telephone")),
        ],
        widget=forms.RadioSelect,
        initial=NeedSource.DOOR,
    )
    urgency = forms.ChoiceField(
        label=_("How soon?"),
        required=False,
        choices=[("", pgettext_lazy("urgency", "as usual for this")), *URGENCIES.items()],
    )

    def __init__(
        self, data: Any = None, *, kind: NeedKind, person: Person | None, at: dt.datetime, **kwargs: Any
    ) -> None:
        super().__init__(data, kind=kind, people=[person] if person else [], at=at, masked=False, **kwargs)
        self.fields.pop("for_whom", None)


class DoorForm(forms.Form):
    """A door without a person: somebody opened who stands in no list."""

    compound = forms.ModelChoiceField(
        label=_("Compound"), queryset=Compound.objects.none(), empty_label=_("please choose")
    )
    building = forms.CharField(label=_("Building"), max_length=40)
    unit = forms.CharField(label=_("Unit"), max_length=40, required=False)
    door = forms.CharField(
        label=_("Door number"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any = None, *, user: User, near: Unit | None = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        if near:
            building = near.building
            self.initial.update(compound=building.compound_id, building=building.name, unit=near.name)
            self.fields["door"].widget.attrs["autofocus"] = True
        rows = Compound.objects.visible_to(user).order_by("name")
        self.fields["compound"].queryset = rows  # type: ignore[attr-defined]


class OwnerForm(forms.Form):
    """Who answers for it from now on."""

    owner = forms.ModelChoiceField(
        label=_("Hand to a colleague"), queryset=User.objects.none(), empty_label=_("please choose")
    )

    def __init__(self, data: Any = None, *, colleagues: list[User]) -> None:
        super().__init__(data, auto_id="owner-%s", label_suffix="")
        field = self.fields["owner"]
        field.queryset = User.objects.filter(pk__in=[each.pk for each in colleagues])  # type: ignore[attr-defined]
        names = [(each.pk, f"{each.get_full_name() or each.username} · {each.area}") for each in colleagues]
        field.choices = [("", "—"), *names]  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A remark for colleagues."""

    text = forms.CharField(
        label=_("Note"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="note-%s", label_suffix="")
