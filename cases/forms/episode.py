"""The small forms of an episode's page: one for each verb."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Ground
from cases.rules import CONTACT_OUTCOMES, HOME_CHECKS, PLACES, HomeCheck, Place
from policy.rules import EARLIEST_ON
from policy.types import Category, IsolationFinished


class DateInput(forms.DateInput):
    """The browser's own date picker; what it sends is an ISO date."""

    input_type = "date"

    def __init__(self, first: dt.date = EARLIEST_ON, last: dt.date | None = None) -> None:
        attrs = {"min": first} | ({"max": last} if last else {})
        super().__init__(format="%Y-%m-%d", attrs=attrs)


DATE_ERRORS = {"invalid": _("Write the date in the form 2022-11-14.")}


class VerbForm(forms.Form):
    """A form whose ids carry the name of its verb, because several stand on one page."""

    verb = ""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id=f"{self.verb}-%s", label_suffix="", **kwargs)
        for field in self.fields.values():
            field.wide = isinstance(field.widget, forms.RadioSelect)  # type: ignore[attr-defined]


class ToldForm(VerbForm):
    """Nothing to fill in: the person was told of the release."""

    verb = "told"


class PlaceForm(VerbForm):
    """Where the person is now; for an isolation site which one, and which room."""

    verb = "place"

    place = forms.ChoiceField(
        label=_("Where now?"), choices=list(PLACES.items()), widget=forms.RadioSelect, initial=Place.SITE
    )
    site = forms.CharField(
        label=_("Isolation site"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"list": "sites", "autocomplete": "off"}),
        help_text=_("A name that is new here makes a new site."),
    )
    room = forms.CharField(label=_("Room number"), required=False, max_length=20)

    def clean(self) -> dict[str, Any]:
        """A site needs its name and a room; at home and in hospital neither counts."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("place") == Place.SITE:
            if not cleaned.get("site", "").strip():
                self.add_error("site", _("Which isolation site?"))
            if not cleaned.get("room", "").strip():
                self.add_error("room", _("Which room? One room for one person or one household. 〔三(一)〕"))
        return cleaned


class HomeCheckForm(VerbForm):
    """Whether the home is fit for home isolation."""

    verb = "home-check"

    home_check = forms.ChoiceField(
        label=_("Home conditions"),
        choices=[
            (HomeCheck.SUITABLE, HOME_CHECKS[HomeCheck.SUITABLE]),
            (HomeCheck.UNSUITABLE, HOME_CHECKS[HomeCheck.UNSUITABLE]),
        ],
        widget=forms.RadioSelect,
        help_text=_("A room and a bathroom of one's own, everybody in the home knows. 〔三(一)〕"),
    )


class HandOverForm(VerbForm):
    """Which hospital took the person over."""

    verb = "hand-over"

    to = forms.CharField(
        label=_("Taken over by"), max_length=200, help_text=_("Name of the hospital or fangcang.")
    )


class ContactForm(VerbForm):
    """What came of an attempt to reach the person."""

    verb = "contact"

    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=list(CONTACT_OUTCOMES.items()), widget=forms.RadioSelect
    )
    remark = forms.CharField(label=_("Note"), required=False, max_length=300)


class ReasonForm(VerbForm):
    """A reason that is kept with the episode."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Kept with the episode, with your name."),
        error_messages={"required": _("Please give the reason; it is kept with the episode.")},
    )


class EndEarlyForm(ReasonForm):
    """Ending early is always possible."""

    verb = "end-early"


class WithdrawForm(ReasonForm):
    """Taking back what was entered by mistake."""

    verb = "withdraw"


class MistakenPositiveForm(ReasonForm):
    """Why a positive result was a mistake."""

    verb = "mistaken-positive"


class GroundField(forms.ModelChoiceField):
    """One of the grounds of an episode."""

    def label_from_instance(self, obj: Ground) -> str:
        """Category and date."""
        return f"{Category(obj.category).label} {obj.anchor_on}"


class AnchorForm(VerbForm):
    """The right date of an anchoring event. The document is for supervisors, whom a later date needs."""

    verb = "correct-anchor"

    ground = GroundField(label=_("Which ground?"), queryset=Ground.objects.none(), empty_label=None)
    anchor_on = forms.DateField(label=_("Right date"), widget=DateInput(), error_messages=DATE_ERRORS)
    document = forms.CharField(
        label=_("Document"),
        required=False,
        max_length=200,
        help_text=_("Only for a later date: title and number of the paper on which it rests."),
    )

    def __init__(self, data: Any = None, *, grounds: Any, supervisor: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field = self.fields["ground"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = grounds
        if not supervisor:
            del self.fields["document"]


class ExposureForm(VerbForm):
    """A further reason for the same person: another exposure, or another category."""

    verb = "exposure"

    category = forms.ChoiceField(label=_("Category"))
    anchor_on = forms.DateField(
        label=_("Date of the event"),
        widget=DateInput(),
        error_messages=DATE_ERRORS,
        help_text=_("Last exposure, leaving the zone, end of the closed loop, entry: day 0."),
    )
    isolation_finished = forms.ChoiceField(
        label=_("Isolation finished at the first point of entry"),
        required=False,
        choices=IsolationFinished.choices,
    )
    exposed_to = forms.CharField(
        label=_("Exposed to"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"list": "infections", "autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, categories: list[Category], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [(category.value, category.label) for category in categories]
