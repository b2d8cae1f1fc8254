"""Hospitals and their state, who is asked, what they said, the way there, prescriptions, counselling."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Case, TextField, Value, When
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.models import Area
from cases.forms.episode import DATE_ERRORS, DateInput
from cases.models import Person
from supplies.models import Car, CareSite, Need, Prescription
from supplies.rules.medical import (
    CONSULT_ANSWERS,
    TREATMENT_KINDS,
    CareStatus,
    ConsultAnswer,
    TreatmentKind,
)
from zones.models import Site
from zones.rules import SiteKind

HOSPITALS = (SiteKind.HOSPITAL, SiteKind.GENERAL_HOSPITAL)
CARE_KINDS = (*HOSPITALS, SiteKind.PHARMACY)
TREATMENT_CHOICES = [
    (str(each), label) for each, label in TREATMENT_KINDS.items() if each is not TreatmentKind.EMERGENCY
]
"""Regular treatments: what a hospital can be known for."""


def by_state() -> Case:
    """Sites that take people now before those that are full or closed, or of which nobody has said so."""
    states = [When(care__status=state, then=Value(n)) for n, state in enumerate(CareStatus)]
    return Case(*states, default=Value(len(states)))


def hospitals_for(area: Area, treatment: str = "") -> Any:
    """The hospitals of the county of that area; those that do that treatment, and take people now, first."""
    county = area.line.get("county") or area
    sites = Site.objects.within(county).filter(kind__in=HOSPITALS).select_related("care")
    # As text: SQLite can't look into a list.
    known = sites.annotate(treated=Cast("care__treats", TextField()))
    does_it = Case(When(treated__contains=f'"{treatment}"', then=Value(0)), default=Value(1))
    return known.order_by(does_it, by_state(), "name")


class HospitalChoice(forms.ModelChoiceField):
    """A hospital with what one has to know before asking: its state, what it treats, yellow codes."""

    def label_from_instance(self, obj: Any) -> str:
        """Name, state, yellow code, regular treatments."""
        care: CareSite | None = getattr(obj, "care", None)
        if care is None:
            return _("%(name)s (nobody has entered its state)") % {"name": obj.name}
        marks = [care.get_status_display()]
        if care.yellow_code:
            marks.append(str(_("yellow-code hospital")))
        marks += [str(TREATMENT_KINDS[TreatmentKind(kind)]) for kind in care.treats]
        between = pgettext("between items", ", ")
        return f"{obj.name}（{between.join(marks)}）"


class AskHospitalForm(forms.Form):
    """Which hospital is asked next."""

    site = HospitalChoice(label=_("Hospital"), queryset=Site.objects.none(), empty_label=_("please choose"))

    def __init__(self, data: Any = None, *, need: Need) -> None:
        super().__init__(data, label_suffix="", auto_id="ask-%s")
        self.fields["site"].queryset = hospitals_for(  # type: ignore[attr-defined]
            need.community, need.medical.treatment
        )


class AnswerForm(forms.Form):
    """What the hospital said; a refusal needs the reason that it gave."""

    answer = forms.ChoiceField(
        label=_("What did the hospital say?"),
        choices=[
            (str(each), CONSULT_ANSWERS[each]) for each in (ConsultAnswer.ACCEPTED, ConsultAnswer.REFUSED)
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please say what the hospital answered.")},
    )
    who = forms.CharField(label=_("Who answered there?"), required=False, max_length=80)
    reason = forms.CharField(
        label=_("Stated reason"),
        required=False,
        max_length=300,
        help_text=_(
            "No reason allows a refusal; it is written down and told to the supervisor. 〔二(十七)〕"
        ),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="", auto_id="answer-%s")
        self.fields["reason"].wide = True  # type: ignore[attr-defined]


class TripForm(forms.Form):
    """To which hospital, by the compound's car or an ambulance."""

    site = HospitalChoice(label=_("Hospital"), queryset=Site.objects.none(), empty_label=_("please choose"))
    car = forms.ModelChoiceField(
        label=_("Car"), required=False, queryset=Car.objects.none(), empty_label=_("no car of the compound")
    )
    ambulance = forms.BooleanField(label=_("By ambulance (120)"), required=False)

    def __init__(self, data: Any = None, *, need: Need, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", auto_id="trip-%s", **kwargs)
        self.fields["site"].queryset = hospitals_for(  # type: ignore[attr-defined]
            need.community, need.medical.treatment
        )
        if need.unit:
            cars = Car.objects.filter(compound=need.unit.building.compound, enabled=True, for_patients=True)
            self.fields["car"].queryset = cars  # type: ignore[attr-defined]


class TurnedAwayForm(forms.Form):
    """Why the hospital sent the person away; it stands on record like every refusal."""

    who = forms.CharField(label=_("Who said so there?"), required=False, max_length=80)
    reason = forms.CharField(label=_("Stated reason"), max_length=300)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="", auto_id="away-%s")


class ReasonForm(forms.Form):
    """Why the hospital is not needed any more."""

    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="", auto_id="end-%s")


class CareSiteForm(forms.ModelForm[CareSite]):
    """What a hospital or pharmacy is to people behind a closed door, and its state now."""

    treats = forms.MultipleChoiceField(
        label=_("Treats"),
        required=False,
        choices=TREATMENT_CHOICES,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = CareSite
        fields = (
            "direct_line",
            "departments",
            "treats",
            "yellow_code",
            "green_channel",
            "status",
            "status_reason",
        )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.fields["treats"].wide = True  # type: ignore[attr-defined]


class PrescriptionForm(forms.ModelForm[Prescription]):
    """A medicine that is taken regularly, and until when it lasts."""

    class Meta:
        model = Prescription
        fields = ("medicine", "dose", "quantity", "lasts_until", "hospital")
        widgets = {"lasts_until": DateInput()}
        error_messages = {"lasts_until": DATE_ERRORS}

    def __init__(self, data: Any = None, *, person: Person, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.fields["hospital"].queryset = hospitals_for(person.community)  # type: ignore[attr-defined]


class CounselForm(forms.Form):
    """A talk: what was said, and when to talk again."""

    notes = forms.CharField(
        label=_("Notes"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Read by counsellors alone; stored encrypted."),
    )
    follow_up_on = forms.DateField(
        label=_("Talk again on"), required=False, widget=DateInput(), error_messages=DATE_ERRORS
    )

    def __init__(self, data: Any = None, *, today: dt.date) -> None:
        super().__init__(data, label_suffix="")
        self.today = today

    def clean_follow_up_on(self) -> dt.date | None:
        """Not before today."""
        on: dt.date | None = self.cleaned_data["follow_up_on"]
        if on and on < self.today:
            raise forms.ValidationError(_("This date is past."))
        return on
