"""What is written about a publication: the draft, a reason, a correction, a reply."""

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Office, User
from cases.forms.episode import VerbForm
from complaints.actions.publishing import TEXT_LENGTH, TITLE_LENGTH, offices_to_name, version_of
from complaints.forms.desk import REASON_LENGTH, behaviour_choices, pick_office
from complaints.models import Publication
from complaints.rules.supervision import PUBLICATION_KINDS, PublicationKind

NOTHING_OF_A_PERSON = _(
    "Anybody will read this. No name of a person, no number of a paper, telephone or case."
)


def _title() -> forms.CharField:
    return forms.CharField(
        label=_("Title"), max_length=TITLE_LENGTH, error_messages={"required": _("Please write a title.")}
    )


def _text(label: Any, help_text: Any = NOTHING_OF_A_PERSON, *, rows: int = 10) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("Please write the text.")},
    )


class _Wide(VerbForm):
    """A form whose fields stand over the whole width."""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for field in self.fields.values():
            field.wide = True  # type: ignore[attr-defined]


class NewForm(_Wide):
    """A draft by hand: what kind, about which office, for what. Sent twice it is one draft."""

    verb = "new"

    kind = forms.ChoiceField(
        label=pgettext_lazy("publication", "What it is"),
        choices=list(PUBLICATION_KINDS.items()),
        widget=forms.RadioSelect,
        initial=PublicationKind.NAMING,
    )
    named = forms.CharField(
        label=pgettext_lazy("publication", "Office"),
        max_length=80,
        widget=forms.TextInput(attrs={"list": "offices", "autocomplete": "off"}),
        help_text=_("Its name, or a part of it. Never the own office, nor one above it."),
        error_messages={"required": _("Please choose an office.")},
    )
    behaviour = forms.ChoiceField(
        label=_("Behaviour"),
        required=False,
        help_text=_("Needed for a naming: its clause is published with it."),
    )
    title = _title()
    text = _text(_("Text"))
    token = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, initial={"token": secrets.token_urlsafe(24)}, **kwargs)
        self.user = user
        field = self.fields["behaviour"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", _("Please choose")), *behaviour_choices()]

    def clean(self) -> dict[str, Any]:
        """The one office that the name means."""
        values: dict[str, Any] = super().clean() or {}
        name, kind = (values.get("named") or "").strip(), values.get("kind")
        values["office"] = None
        if name and kind:
            found: list[Office] = offices_to_name(self.user, kind, name)
            values["office"] = pick_office(self, name, found)
        return values


class EditForm(_Wide):
    """Title and text of a draft, with the version that was read."""

    verb = "edit"

    title = _title()
    text = _text(_("Text"), rows=12)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=16)

    def __init__(self, data: Any = None, *, publication: Publication) -> None:
        initial = {
            "title": publication.title,
            "text": publication.text,
            "seen": version_of(publication),
        }
        super().__init__(data, initial=initial)


class SubmitForm(VerbForm):
    """Nothing to fill in: the draft is handed in for approval."""

    verb = "submit"


class ApproveForm(VerbForm):
    """The round whose text was read."""

    verb = "approve"

    in_round = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=30_000)


class _ReasonForm(_Wide):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": REASON_LENGTH}),
        error_messages={"required": _("Please write down the reason: it stays on record.")},
    )


class RefuseForm(_ReasonForm):
    """Why the text goes back to its author."""

    verb = "refuse"


class DropForm(_ReasonForm):
    """Why it is not published at all."""

    verb = "drop"


class CorrectForm(_Wide):
    """What was wrong and what is right; the published text stays."""

    verb = "correct"

    text = _text(_("Correction"), rows=4)


class ReplyForm(_Wide):
    """The word of the office that is named."""

    verb = "reply"

    text = _text(
        pgettext_lazy("of an office", "Our reply"),
        _("It is published beneath the text, as you write it. Nothing about a person."),
        rows=6,
    )
