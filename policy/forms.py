"""The form of the calculator page."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .calculator import Question
from .rules import EARLIEST_ON, LATEST_ON
from .types import Category, Edition, IsolationFinished


class _DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d", attrs={"min": EARLIEST_ON, "max": LATEST_ON})


class PlanForm(forms.Form):
    """A question for anyone: the date's label follows the category, the first-entry question is for entrants.

    It works by GET, so an answer can be bookmarked and sent on; it never asks who somebody is.
    """

    category = forms.ChoiceField(label=_("Who?"), choices=Category.choices, widget=forms.RadioSelect)
    anchor_on = forms.DateField(
        widget=_DateInput,
        help_text=_("This date is day 0; day 1 is the next date."),
        error_messages={"invalid": _("Write the date in the form 2022-11-14.")},
    )
    registered_on = forms.DateField(
        label=_("Registered on"),
        required=False,
        widget=_DateInput,
        help_text=_("Days that are over by then are gone; the end does not move."),
        error_messages={"invalid": _("Write the date in the form 2022-11-14.")},
    )
    home_suitable = forms.ChoiceField(
        label=_("Is the home suitable for isolation?"),
        required=False,
        choices=[
            ("yes", pgettext_lazy("home suitable", "yes")),
            ("no", pgettext_lazy("home suitable", "no")),
        ],
        widget=forms.RadioSelect,
    )
    isolation_finished = forms.ChoiceField(
        label=_("Isolation finished at the first point of entry"),
        required=False,
        choices=IsolationFinished.choices,
        widget=forms.RadioSelect,
    )
    edition = forms.ChoiceField(label=_("Under which edition?"), required=False)

    def __init__(self, *args: Any, category: Category, editions: Sequence[Edition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        anchors = {rule.category: rule.anchor for edition in editions for rule in edition.rules.values()}
        anchor = anchors.get(category)
        self.fields["anchor_on"].label = (
            format_lazy(_("Date: {event}"), event=anchor.label) if anchor else _("Date of the event")
        )
        if category is not Category.ENTRANT:
            del self.fields["isolation_finished"]
        choices = [(edition.code, edition.name) for edition in editions]
        edition_field = self.fields["edition"]
        assert isinstance(edition_field, forms.ChoiceField)  # noqa: S101
        edition_field.choices = [("", _("the one in force on the day of registration")), *choices]

    def question(self) -> Question:
        """The question, after `is_valid()`."""
        asked = self.cleaned_data
        return Question(
            category=Category(asked["category"]),
            anchor_on=asked["anchor_on"],
            registered_on=asked["registered_on"],
            edition=asked["edition"] or None,
            home_suitable=asked["home_suitable"] != "no",
            isolation_finished=IsolationFinished(asked.get("isolation_finished") or "none"),
        )

    @staticmethod
    def defaults(today: dt.date) -> dict[str, str]:
        """What the form says before anyone has touched it."""
        return {
            "category": Category.CLOSE_CONTACT.value,
            "registered_on": today.isoformat(),
            "home_suitable": "yes",
            "isolation_finished": IsolationFinished.NONE.value,
        }
