"""Sealing units, starting their days anew, opening them early, deciding on a wider zone."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from policy.refusals import BadInput, RuleViolation
from zones.models import Unit
from zones.rules import PURPOSES, WIDER_REASONS, Purpose

REASON_LENGTH = 300


def _reason(label: Any, help_text: Any = "", *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=REASON_LENGTH,
        error_messages={"required": _("Please give the reason: it stays on record.")},
    )


FIELDS = {"units": "unit", "infections": "infection", "seals": "seal"}
"""What the verbs call a field, and what a row of boxes is called here."""


def blame(form: forms.Form, refusal: RuleViolation | BadInput) -> None:
    """Put what a verb refused at its field, with the clause; else above the form."""
    field = FIELDS.get(refusal.field or "", refusal.field)
    form.add_error(field if field in form.fields else None, str(refusal))


class Keys(forms.TypedMultipleChoiceField):
    """Ticked rows by their keys, each of them one of those that were offered."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, **kwargs)

    def offer(self, keys: Iterable[int]) -> None:
        """What can be ticked."""
        self.choices = [(key, str(key)) for key in keys]


class DesignateForm(forms.Form):
    """Which units because of which infections; more than their buildings with one of the two reasons."""

    infection = Keys(
        label=_("Infections"),
        required=True,
        error_messages={
            "required": _("Please tick the infection because of which these units are sealed."),
            "invalid_choice": _("That infection is not in your area any more."),
        },
    )
    unit = Keys(
        label=_("Units"),
        required=True,
        error_messages={
            "required": _("Please tick at least one unit."),
            "invalid_choice": _("One of these units is not in your area."),
        },
    )
    reason = _reason(
        _("Reason"),
        _("Needed where the infection was found in central isolation, closed loop or at entry, or at home."),
    )
    wider = forms.ChoiceField(
        label=_("Why more than the buildings where the infected person stayed?"),
        required=False,
        choices=list(WIDER_REASONS.items()),
        widget=forms.RadioSelect,
    )
    wider_note = _reason(
        _("Explained"), _("What is known and what is not. Published together with the boundary.")
    )

    def __init__(
        self, data: Any = None, *, infections: Iterable[int], units: Iterable[Unit], explained: bool = False
    ) -> None:
        """`explained`: whether the reason is needed, because of where an infection was found."""
        super().__init__(data, label_suffix="")
        self.fields["reason"].required = explained
        self.units = {unit.pk: unit for unit in units}
        self._field("infection").offer(infections)
        self._field("unit").offer(self.units)

    def _field(self, name: str) -> Keys:
        field = self.fields[name]
        assert isinstance(field, Keys)  # noqa: S101
        return field

    def purpose(self, building: int, otherwise: str) -> str:
        """What a building is to the infected person, as somebody chose it, else as its stays say."""
        chosen = self.data.get(f"purpose-{building}", "") if self.is_bound else ""
        return chosen if chosen in PURPOSES else otherwise

    def chosen(self, stays: dict[int, str]) -> dict[Unit, Purpose]:
        """The ticked units with their purposes: as the stay says, else as chosen for the building.

        `stays` has the purpose of a unit by its key, and that of a building by its key below 0.
        """
        found = {}
        for key in self.cleaned_data["unit"]:
            unit = self.units[key]
            building = unit.building_id
            known = stays.get(key) or self.purpose(building, stays.get(-building, ""))
            found[unit] = Purpose(known or Purpose.HOME)
        return found


class EarlyEndForm(forms.Form):
    """Which sealed units open now, and why."""

    seal = Keys(
        label=_("Units"),
        error_messages={
            "required": _("Please tick at least one unit."),
            "invalid_choice": _("One of these units is open already."),
        },
    )
    reason = _reason(
        _("Why can they open before their date?"),
        _("Read by everybody who opens the zone's page; also shown in the public history."),
        required=True,
    )

    def __init__(self, data: Any = None, *, seals: Iterable[int]) -> None:
        super().__init__(data, label_suffix="")
        field = self.fields["seal"]
        assert isinstance(field, Keys)  # noqa: S101
        field.offer(seals)


class RestartForm(forms.Form):
    """Which sealed units a new infection concerns."""

    unit = Keys(
        label=_("Units"),
        error_messages={
            "required": _("Please tick at least one unit."),
            "invalid_choice": _("One of these units is not sealed any more."),
        },
    )
    reason = _reason(_("Reason"))

    def __init__(self, data: Any = None, *, units: Iterable[int], apart: bool) -> None:
        super().__init__(data, label_suffix="")
        field = self.fields["unit"]
        assert isinstance(field, Keys)  # noqa: S101
        field.offer(units)
        if not apart:
            del self.fields["reason"]
        else:
            self.fields["reason"].help_text = _(
                "The person was found where nobody of the building met them: then the days go on, unless "
                "you name a reason."
            )


class RoundForm(forms.Form):
    """A round of tests of everybody inside one unit."""

    on = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}))
    people = forms.IntegerField(label=_("People inside"), min_value=0)
    sampled = forms.IntegerField(label=_("Sampled"), min_value=0)
    negative = forms.IntegerField(label=pgettext_lazy("round", "Negative"), min_value=0)

    def __init__(self, data: Any = None, *, seal: int, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, auto_id=f"round-{seal}-%s", label_suffix="", initial=initial)
        for name in ("people", "sampled", "negative"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"


class Decide:
    """The two decisions on a proposal."""

    APPROVE = "approve"
    REFUSE = "refuse"


class DecideForm(forms.Form):
    """Approve a wider zone, or refuse it with a reason."""

    decision = forms.ChoiceField(choices=[(Decide.APPROVE, ""), (Decide.REFUSE, "")])
    reason = _reason(_("Reason of the decision"), _("Needed for a refusal; the proposer reads it."))

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")

    def clean(self) -> dict[str, Any]:
        """A refusal without a reason helps nobody."""
        cleaned = super().clean() or {}
        if cleaned.get("decision") == Decide.REFUSE and not cleaned.get("reason"):
            self.add_error("reason", _("Please say why: the proposer has to know what is missing."))
        return cleaned
