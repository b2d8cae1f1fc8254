"""The forms that draw a compound: its name, rows × columns of buildings and units, one odd building."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Area, User
from accounts.rules import Level
from zones.actions.places import MOST_BUILDINGS, MOST_UNITS, NAME_LENGTH, NUMBER, UNIT_PATTERN
from zones.models import Building, Compound, Unit
from zones.rules import PLACE_KINDS, PlaceKind

BUILDING_PATTERN = "{n}号楼"
"""How buildings are called where nobody says otherwise: data, not words of a page."""
MOST_FLOORS = 130


class CompoundForm(forms.Form):
    """Name, kind and address of a compound; the community for staff who work for several."""

    name = forms.CharField(
        label=_("Name of the compound"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("As the people who live there call it."),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=list(PLACE_KINDS.items()),
        initial=PlaceKind.RESIDENTIAL,
        widget=forms.RadioSelect,
    )
    community = forms.ModelChoiceField(label=_("Community"), queryset=Area.objects.none())
    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, user: User, compound: Compound | None = None) -> None:
        initial = {
            "name": compound.name if compound else "",
            "kind": compound.kind if compound else PlaceKind.RESIDENTIAL,
            "address": compound.address if compound else "",
        }
        super().__init__(data, initial=initial, label_suffix="")
        self.user = user
        for name in ("kind", "address"):
            self.fields[name].wide = True  # type: ignore[attr-defined]
        if compound is not None or user.area is None or user.area.level == Level.COMMUNITY:
            del self.fields["community"]
        else:
            field = self.fields["community"]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
            field.queryset = Area.objects.communities().within(user.area)

    @property
    def community_meant(self) -> Area:
        """The community chosen, or the user's own."""
        chosen = self.cleaned_data.get("community") or self.user.area
        assert chosen is not None  # noqa: S101 - `requires` lets nobody in without an area
        return chosen


def _floors() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Floors"),
        required=False,
        min_value=1,
        max_value=MOST_FLOORS,
        help_text=_("For the height of the drawing only."),
    )


def _units() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Units per building"),
        min_value=0,
        max_value=MOST_UNITS,
        initial=2,
        help_text=_("0: the building has no separate units."),
    )


class GridForm(forms.Form):
    """Buildings from one number to another, each with so many units."""

    first = forms.IntegerField(label=_("From number"), min_value=0, max_value=9999, initial=1)
    last = forms.IntegerField(label=_("To number"), min_value=0, max_value=9999, initial=6)
    pattern = forms.CharField(
        label=_("Name of a building"),
        max_length=NAME_LENGTH,
        initial=BUILDING_PATTERN,
        help_text=_("{n} stands for the number."),
    )
    units_per_building = _units()
    unit_pattern = forms.CharField(
        label=_("Name of a unit"), max_length=NAME_LENGTH, initial=UNIT_PATTERN, required=False
    )
    floors = _floors()

    def clean(self) -> dict[str, Any]:
        """The numbers in order and not too many, the number somewhere in the name."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first is not None and last is not None:
            if last < first:
                self.add_error("last", _("The last number is smaller than the first."))
            elif last - first >= MOST_BUILDINGS:
                self.add_error(
                    "last", _("So many buildings at once are more likely a slip; lay them in parts.")
                )
        if "pattern" in cleaned and NUMBER not in cleaned["pattern"]:
            self.add_error("pattern", _("Write {n} where the number stands."))
        return cleaned

    @property
    def names(self) -> list[str]:
        """The names of the buildings, in order; once the form has been cleaned."""
        pattern = self.cleaned_data["pattern"]
        numbers = range(self.cleaned_data["first"], self.cleaned_data["last"] + 1)
        return [pattern.replace(NUMBER, str(number)) for number in numbers]

    def values(self) -> dict[str, Any]:
        """What the verb takes."""
        return {
            "buildings": self.names,
            "units_per_building": self.cleaned_data["units_per_building"],
            "unit_pattern": self.cleaned_data["unit_pattern"] or UNIT_PATTERN,
        }


class OddForm(forms.Form):
    """One building that fits into no row: a gatehouse, a farmhouse, 甲3号."""

    name = forms.CharField(
        label=_("Name of the building"),
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    units_per_building = _units()
    floors = _floors()

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="odd", label_suffix="")
        self.fields["units_per_building"].label = _("Units")
        self.fields["units_per_building"].initial = 0

    def values(self) -> dict[str, Any]:
        """What the verb takes."""
        return {
            "buildings": [self.cleaned_data["name"]],
            "units_per_building": self.cleaned_data["units_per_building"],
        }


class BuildingForm(forms.Form):
    """The name and the floors of a building."""

    name = forms.CharField(
        label=_("Name of the building"),
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    floors = _floors()

    def __init__(self, data: Any = None, *, building: Building) -> None:
        super().__init__(data, initial={"name": building.name, "floors": building.floors}, label_suffix="")


class UnitForm(forms.Form):
    """The name of a unit."""

    name = forms.CharField(
        label=_("Name of the unit"),
        required=False,
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Empty: the building has no separate units."),
    )

    def __init__(self, data: Any = None, *, unit: Unit) -> None:
        super().__init__(data, initial={"name": unit.name}, label_suffix="")


class CompoundFilterForm(forms.Form):
    """Which compounds the list shows."""

    q = forms.CharField(
        label=_("Name or address"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", pgettext_lazy("compounds", "all kinds")), *PLACE_KINDS.items()],
    )
    sealed = forms.BooleanField(label=_("only with sealed units"), required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.fields["q"].widget.attrs["placeholder"] = self.fields["q"].label
