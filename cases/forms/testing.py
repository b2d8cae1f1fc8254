"""The form of one result, and how a list of tests comes in."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from cases.rules import RESULTS, Result

ENTERED = (
    Result.NEGATIVE,
    Result.POSITIVE,
    Result.INCONCLUSIVE,
    Result.ABNORMAL_POOL,
    Result.REFUSED,
)
"""What somebody can enter; "not positive by Ct" follows from the Ct value, nobody chooses it."""


class ResultForm(forms.Form):
    """One result. A positive one is asked for twice: `confirmed` says that the second answer was given."""

    result = forms.ChoiceField(
        label=_("Result"),
        choices=[(result, RESULTS[result]) for result in ENTERED],
        widget=forms.RadioSelect,
        error_messages={"required": _("Which result?"), "invalid_choice": _("Which result?")},
    )
    ct = forms.DecimalField(
        label=_("Ct value"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(99),
        max_digits=4,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.1", "autocomplete": "off"}),
        help_text=_("As the laboratory reports it; for entrants it decides. 〔二(九)〕"),
    )
    confirm = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="result-%s", label_suffix="", **kwargs)

    @property
    def confirmed(self) -> bool:
        """Whether the reader has seen what a positive result brings with it, and said yes."""
        return bool(self.cleaned_data.get("confirm"))


def keys_of_tests(posted: QueryDict) -> list[int]:
    """The tests that a bulk act names: `tests`, repeated or with commas. What is no key is left out."""
    words = ",".join(posted.getlist("tests")).split(",")
    return [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 19]
