"""The public form: what, where, who, since when, what happened, who ordered it, and whom to answer."""

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altcha
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import normalize_newlines
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from django_altcha import AltchaField, get_altcha_challenge

from accounts.models import Area
from complaints import flood
from complaints.actions.filing import ComplainantFacts, Filing, token_digest
from complaints.places import Where
from complaints.rules.behaviours import TOPICS, by_topic
from complaints.rules.words import ORDERED, WHOM, Ordered, Whom
from complaints.whom import respondent_in_words

LONGEST_TEXT = 4000
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{2,3}\d{7,8}")
MOBILE_DIGITS = 11


class ProofField(AltchaField):
    """The proof of work. The same form may send its proof twice (a second tap, an answer that got lost)."""

    default_error_messages = {
        "error": _("The check against machines could not be read. It is being done anew; please file again."),
        "invalid": _("The check against machines has expired. It is being done anew; please file again."),
        "required": _("The check against machines is missing."),
        "replay": _("This check was used for another form. It is being done anew; please file again."),
    }

    def __init__(self, *, token: str) -> None:
        super().__init__(label=_("Check against machines"))
        self.token = token

    def validate(self, value: Any) -> None:
        """Refuse what is no solution of a challenge of ours; what is no message at all before it is read."""
        if not _is_readable(value):
            raise ValidationError(self.error_messages["error"], code="error")
        super().validate(value)

    def replay_attack_protection(self, payload: str) -> None:
        """Refuse a challenge that was solved for another form; without a cache nothing is refused."""
        challenge = json.loads(base64.b64decode(payload))["challenge"]
        if flood.used_up(challenge, token_digest(self.token), settings.ALTCHA_CHALLENGE_EXPIRE // 1000):
            raise ValidationError(self.error_messages["replay"], code="replay")


def _is_readable(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > 2000:
        return False
    try:
        message = json.loads(base64.b64decode(value, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return False
    parts = ("algorithm", "challenge", "salt", "signature")
    return (
        isinstance(message, dict)
        and isinstance(message.get("number"), int)
        and all(isinstance(message.get(part), str) and message[part].isascii() for part in parts)
    )


def new_challenge(at: dt.datetime) -> Mapping[str, Any]:
    """A challenge for one form, as hard as the present flood asks."""
    challenge: altcha.Challenge = get_altcha_challenge(max_number=flood.hardness(at))
    return {
        "algorithm": challenge.algorithm,
        "challenge": challenge.challenge,
        "maxnumber": challenge.max_number,
        "salt": challenge.salt,
        "signature": challenge.signature,
    }


class ComplaintForm(forms.Form):
    """What somebody says. Only what happened and where has to be answered."""

    behaviour = forms.ChoiceField(
        label=_("What happened?"), error_messages={"required": _("Please choose what happened.")}
    )
    county = forms.ChoiceField(
        label=_("In which county or district?"),
        error_messages={"required": _("Please choose the county.")},
    )
    place = forms.CharField(
        label=_("Where?"),
        max_length=200,
        help_text=_("Compound, building and unit; or the hospital, school, firm or road."),
        error_messages={"required": _("Please write where it happened.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "enterkeyhint": "next"}),
    )
    chosen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    what_happened = forms.CharField(
        label=_("What happened exactly?"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=_("In your own words. Leave your name out if you want to stay unknown."),
        widget=forms.Textarea(attrs={"rows": 5, "maxlength": LONGEST_TEXT}),
    )
    since_on = forms.DateField(
        label=_("Since when?"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Write the date in the form 2022-11-14.")},
    )
    whom = forms.ChoiceField(
        label=_("Who did it?"),
        required=False,
        choices=[(each.value, WHOM[each]) for each in Whom],
        initial=Whom.UNKNOWN.value,
    )
    respondent_text = forms.CharField(
        label=_("Name of the office or person"),
        required=False,
        max_length=200,
        help_text=_("As far as you know it. They can't handle this complaint, and don't learn who you are."),
    )
    ordered = forms.ChoiceField(
        label=_("How was it ordered?"),
        required=False,
        choices=[(each.value, ORDERED[each]) for each in Ordered],
        initial=Ordered.UNKNOWN.value,
        widget=forms.RadioSelect,
    )
    ordered_by = forms.CharField(
        label=_("By whom?"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Name"), required=False, max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = forms.CharField(
        label=pgettext_lazy("complainant", "Telephone"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=120,
        error_messages={"invalid": _("This is no e-mail address. Please mend it, or leave it empty.")},
    )

    def __init__(self, *args: Any, counties: Sequence[Area], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.today = today
        self.counties = counties
        self.where: Where | None = None
        behaviour, county = self.fields["behaviour"], self.fields["county"]
        assert isinstance(behaviour, forms.ChoiceField)  # noqa: S101
        assert isinstance(county, forms.ChoiceField)  # noqa: S101
        behaviour.choices = [
            ("", _("Please choose")),
            *((TOPICS[topic], [(each.code, each.label) for each in those]) for topic, those in by_topic()),
        ]
        county.choices = [("", _("Please choose")), *((str(area.pk), area.name) for area in counties)]
        if len(counties) <= 1:
            del self.fields["county"]
        self.fields["since_on"].widget.attrs["max"] = today.isoformat()

    def clean_since_on(self) -> dt.date | None:
        """Not in the future."""
        on: dt.date | None = self.cleaned_data["since_on"]
        if on and on > self.today:
            raise ValidationError(_("This date lies in the future."))
        if on and on < dt.date(2019, 12, 1):
            raise ValidationError(_("This date lies before the epidemic. Please check it."))
        return on

    def clean_phone(self) -> str:
        """A mobile number of eleven digits, or a landline with its area code; blanks and hyphens gone."""
        written: str = self.cleaned_data["phone"]
        digits = re.sub(r"[\s()（）\-–—.]", "", written)
        digits = re.sub(r"^(\+|00)?86(?=1[3-9]|0)", "", digits)
        if not digits or MOBILE.fullmatch(digits) or LANDLINE.fullmatch(digits):
            return digits
        missing = MOBILE_DIGITS - len(digits)
        if digits.isdecimal() and digits.startswith("1") and 0 < missing < MOBILE_DIGITS:
            raise ValidationError(
                ngettext(
                    "%(n)d digit is missing: mobile numbers have 11. Please add it, or leave it empty.",
                    "%(n)d digits are missing: mobile numbers have 11. Please add them, or leave it empty.",
                    missing,
                )
                % {"n": missing}
            )
        raise ValidationError(
            _(
                "This is neither a mobile number of 11 digits nor a landline with its area code."
                " Please mend it, or leave it empty."
            )
        )

    def clean_what_happened(self) -> str:
        """One kind of line break."""
        return normalize_newlines(self.cleaned_data["what_happened"])

    def clean(self) -> dict[str, Any]:
        """ "Another form" says nothing by itself, so it has to be described."""
        cleaned = super().clean() or self.cleaned_data
        undescribed = cleaned.get("what_happened") == ""
        if cleaned.get("behaviour") == "other" and undescribed:
            self.add_error("what_happened", _("Please say in a few words what it is about."))
        return cleaned

    @property
    def chosen_county(self) -> Area | None:
        """The county that was chosen, or the only one; also of a form that is not valid."""
        if "county" not in self.fields:
            return self.counties[0] if self.counties else None
        written = str(self["county"].value() or "")
        return next((area for area in self.counties if str(area.pk) == written), None)

    def filing(self, where: Where, facts: Sequence[Mapping[str, Any]]) -> Filing:
        """What is filed, after `is_valid()`."""
        said = self.cleaned_data
        area = where.area or self.chosen_county
        assert area is not None  # noqa: S101 - a form without a county is not valid
        whom = said["whom"] or Whom.UNKNOWN
        return Filing(
            behaviour=said["behaviour"],
            area=area,
            what_happened=said["what_happened"],
            compound=where.compound,
            site=where.site,
            place=said["place"],
            whom=whom,
            respondent=respondent_in_words(
                said["respondent_text"], whom=whom, area=area, behaviour=said["behaviour"]
            ),
            respondent_text=said["respondent_text"],
            since_on=said["since_on"],
            ordered=said["ordered"] or Ordered.UNKNOWN,
            ordered_by=said["ordered_by"],
            complainant=ComplainantFacts(name=said["name"], phone=said["phone"], email=said["email"]),
            facts=facts,
        )
