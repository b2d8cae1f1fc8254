"""Offering a handover, and answering one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Area


class CommunityField(forms.ModelChoiceField):
    """A community, named with its street: names repeat in a county."""

    def label_from_instance(self, obj: Area) -> str:
        """Street and community."""
        return f"{obj.parent.name} {obj.name}" if obj.parent else obj.name


class OfferForm(forms.Form):
    """To which community, and why. Whoever asks for a person asks for the own community: no choice."""

    to_community = CommunityField(
        label=_("To which community?"),
        queryset=Area.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Please choose a community.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        help_text=_("Read by the other office: where the person is now, since when."),
    )

    def __init__(self, data: Any = None, *, communities: Any, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        if communities is None:
            del self.fields["to_community"]
            return
        field = self.fields["to_community"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = communities


class Answer:
    """The two answers to an offer."""

    ACCEPT = "accept"
    GIVE_BACK = "give_back"


class AnswerForm(forms.Form):
    """Accept, or give back with a reason."""

    answer = forms.ChoiceField(
        choices=[
            (Answer.ACCEPT, pgettext_lazy("handover", "accept")),
            (Answer.GIVE_BACK, pgettext_lazy("handover", "give back")),
        ]
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)

    def __init__(self, data: Any = None, *, number: int, **kwargs: Any) -> None:
        super().__init__(data, auto_id=f"handover-{number}-%s", label_suffix="", **kwargs)
