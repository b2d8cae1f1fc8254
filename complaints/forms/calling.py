"""The operator's form for a caller: the public form in few steps, the urgent behaviours on top."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.rules import Level, codes_below
from complaints.actions.filing import Filing
from complaints.forms.intake import ComplaintForm
from complaints.places import Where
from complaints.rules.behaviours import BEHAVIOURS, TOPICS, by_topic
from notices.actions import channel_is_on
from notices.rules import Channel

MOST_COUNTIES = 20

ORDER = (
    "behaviour",
    "urgent",
    "county",
    "place",
    "street",
    "whom",
    "respondent_text",
    "since_on",
    "what_happened",
    "ordered",
    "ordered_by",
    "name",
    "phone",
    "secret_by_sms",
)


class CallForm(ComplaintForm):
    """What a caller says; name and telephone may stay empty."""

    urgent = forms.BooleanField(label=_("Danger to life, or goods that stand still: urgent"), required=False)
    street = forms.ModelChoiceField(
        label=_("Street or township"),
        queryset=Area.objects.none(),
        required=False,
        empty_label=_("as the place says"),
        help_text=_("Only where the place is not recognised."),
    )
    secret_by_sms = forms.BooleanField(
        label=_("The caller wants the secret by SMS, too"),
        required=False,
        help_text=_(
            "Ask. Whoever else reads the messages of this telephone could follow the complaint with it."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"]
        streets = self.fields["street"]
        assert isinstance(streets, forms.ModelChoiceField)  # noqa: S101
        streets.queryset = _streets_of(self.counties)
        if not channel_is_on(Channel.SMS):
            del self.fields["secret_by_sms"]
        self.order_fields(ORDER)
        behaviour = self.fields["behaviour"]
        assert isinstance(behaviour, forms.ChoiceField)  # noqa: S101
        behaviour.choices = [
            ("", _("Please choose")),
            (_("urgent"), [(each.code, each.label) for each in BEHAVIOURS if each.urgent]),
            *(
                (TOPICS[topic], [(each.code, each.label) for each in those if not each.urgent])
                for topic, those in by_topic()
                if any(not each.urgent for each in those)
            ),
        ]
        self._say_it_to_the_operator()

    def _say_it_to_the_operator(self) -> None:
        fields = self.fields
        fields["what_happened"].help_text = _("In the caller's words.")
        fields["respondent_text"].help_text = _("As far as the caller knows it.")
        fields["name"].label, fields["phone"].label = _("Caller's name"), _("Caller's telephone")
        fields["name"].widget.attrs["autocomplete"] = fields["phone"].widget.attrs["autocomplete"] = "off"
        fields["phone"].help_text = _("For the answer. Who gives neither is served just the same.")
        fields["what_happened"].wide = True  # type: ignore[attr-defined]

    def filing(self, where: Where, facts: Sequence[Mapping[str, Any]]) -> Filing:
        """What is filed, after `is_valid()`."""
        said = self.cleaned_data
        said.setdefault("email", "")
        filing = replace(super().filing(where, facts), urgent=said["urgent"])
        street: Area | None = said["street"]
        if street and filing.area.covers(street) and not (filing.compound or filing.site):
            filing = replace(filing, area=street)
        return filing


def _streets_of(counties: Sequence[Area]) -> QuerySet[Area]:
    """The streets and townships of these counties; none where there are too many to choose from."""
    if not 0 < len(counties) <= MOST_COUNTIES:
        return Area.objects.none()
    below = Q()
    for county in counties:
        first, after = codes_below(county.code)
        below |= Q(code__gte=first, code__lt=after)
    return Area.objects.filter(below, level=Level.STREET).order_by("code")
