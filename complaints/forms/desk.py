"""What a member of the desk fills in for each verb: one small form a verb."""

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Office, User
from accounts.rules import LEVEL_NAMES, Level
from cases.forms.episode import VerbForm
from cases.forms.infection import InstantInput
from complaints.actions.offices import (
    offices_complained_about,
    offices_named,
    offices_to_order,
    offices_to_refer,
)
from complaints.models import Complaint
from complaints.rules.behaviours import TOPICS, by_topic
from complaints.rules.handling import Verb
from complaints.rules.words import OUTCOMES

TEXT_LENGTH = 4000
REASON_LENGTH = 500
WORKDAY_ENDS = dt.time(18, 0)


def _text(
    label: Any, help_text: Any = "", *, required: bool = True, length: int = TEXT_LENGTH
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=length,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write something here: it stays on record.")},
    )


def _reason(help_text: Any = "", *, required: bool = True) -> forms.CharField:
    field = _text(_("Reason"), help_text, required=required, length=REASON_LENGTH)
    field.widget = forms.Textarea(attrs={"rows": 2, "maxlength": REASON_LENGTH})
    return field


def instant_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """A date with its time, in Asia/Shanghai."""
    return forms.DateTimeField(
        label=label,
        help_text=help_text,
        widget=InstantInput(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={
            "required": _("Please give date and time."),
            "invalid": _("Write date and time in the form 2022-11-14 16:30."),
        },
    )


def behaviour_choices() -> list[Any]:
    """The behaviours in their groups, as a select shows them."""
    return [
        (TOPICS[topic], [(each.code, each.label) for each in behaviours]) for topic, behaviours in by_topic()
    ]


class DeskForm(VerbForm):
    """A form on the page of a case; it knows the case and who fills it in."""

    def __init__(
        self, data: Any = None, *, complaint: Complaint, user: User, at: dt.datetime, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.complaint, self.user, self.at = complaint, user, at
        for field in self.fields.values():
            field.wide = True  # type: ignore[attr-defined]
        self.prepare()

    def prepare(self) -> None:
        """Offer what this case and this user leave to choose from."""


def pick_office(form: forms.Form, name: str, found: list[Office], *, field: str = "named") -> Office | None:
    """The one office that a typed name means; else the error stands at the field."""
    exact = [office for office in found if office.name == name]
    meant = exact if len(exact) == 1 else found
    if len(meant) == 1:
        return meant[0]
    if not meant:
        form.add_error(field, _("No office of that name can be chosen here."))
    else:
        names = "、".join(office.name for office in meant[:8])
        form.add_error(
            field, _("Several offices match, write more of the name: %(names)s") % {"names": names}
        )
    return None


class OfficeForm(DeskForm):
    """A form that chooses an office: from the near ones, or any by its name. A typed name wins."""

    office = forms.ChoiceField(
        label=pgettext_lazy("complaint", "To which office"),
        error_messages={"required": _("Please choose an office.")},
    )
    named = forms.CharField(
        label=_("Another office, by its name"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def near(self) -> list[Office]:
        """The offices in the list."""
        raise NotImplementedError

    def by_name(self, name: str) -> list[Office]:
        """The offices that a typed name may mean."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Fill the list."""
        self.offices = {str(office.pk): office for office in self.near()}
        field = self.fields["office"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        names = Counter(office.name for office in self.offices.values())
        choices = [(key, _told_apart(office, names)) for key, office in self.offices.items()]
        field.choices = [("", _("Please choose")), *choices]

    def clean(self) -> dict[str, Any]:
        """One office, found by its name or picked from the list."""
        values: dict[str, Any] = super().clean() or {}
        name = (values.get("named") or "").strip()
        values["to"] = None
        if name:
            self.errors.pop("office", None)
            values["to"] = pick_office(self, name, self.by_name(name))
        elif values.get("office"):
            values["to"] = self.offices[values["office"]]
        return values


def _told_apart(office: Office, names: Mapping[str, int]) -> str:
    """The name of an office, with the level of its area where another one in the list is called so."""
    if names[office.name] == 1:
        return office.name
    level = LEVEL_NAMES[Level(office.area.level)]
    return str(_("%(office)s (%(level)s)") % {"office": office.name, "level": level})


class AcceptForm(DeskForm):
    """Take it on."""

    verb = str(Verb.ACCEPT)
    is_complex = forms.BooleanField(label=_("Complex: the longer limit to answer applies"), required=False)


class DeclineForm(DeskForm):
    """Not accepted, with the reason that the complainant reads."""

    verb = str(Verb.DECLINE)
    reason = _reason(_("The complainant reads this, and may object."))


class ReferForm(OfficeForm):
    """To whom it is referred."""

    verb = str(Verb.REFER)
    reason = _reason(_("What the office should look at."), required=False)

    def near(self) -> list[Office]:
        """Offices that may handle it, from above to below."""
        return offices_to_refer(self.complaint, self.user)

    def by_name(self, name: str) -> list[Office]:
        """Only such that may handle it."""
        return offices_named(name, self.complaint, self.user)


class SendBackForm(DeskForm):
    """Back to where it came from."""

    verb = str(Verb.SEND_BACK)
    reason = _reason(_("Why it is not yours to answer. A complaint is sent back three times at most."))


class AskForm(DeskForm):
    """A question to the complainant."""

    verb = str(Verb.ASK)
    text = _text(_("Question"), _("It waits under the receipt number. The clock goes on."))


class NoteForm(DeskForm):
    """An internal note."""

    verb = str(Verb.NOTE)
    text = _text(pgettext_lazy("complaint", "Note"), _("The complainant never sees it."))


class AnswerForm(DeskForm):
    """The answer."""

    verb = str(Verb.ANSWER)
    text = _text(
        pgettext_lazy("complaint", "Answer"),
        _("What was found, what was put right and when, and the clause. The complainant then has the word."),
    )


class VerifyForm(DeskForm):
    """What was found when somebody looked."""

    verb = str(Verb.VERIFY)
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=list(OUTCOMES.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Please say what was found.")},
    )
    how = _text(_("How it was verified"), _("By a call, or on the spot: who looked, when, what was seen."))


class CloseForm(DeskForm):
    """The end."""

    verb = str(Verb.CLOSE)
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        help_text=_("Closed is not solved: figures keep them apart."),
        choices=[("", _("as it was verified")), *OUTCOMES.items()],
    )


class ReopenForm(DeskForm):
    """Once more."""

    verb = str(Verb.REOPEN)
    reason = _reason(_("It goes back to the desk that holds it, and the clocks begin anew."))


class MergeForm(DeskForm):
    """Into which one."""

    verb = str(Verb.MERGE)
    number = forms.CharField(
        label=_("Number of the complaint that goes on"),
        max_length=24,
        help_text=_("This one follows it; its complainant reads the progress under the own receipt."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SplitForm(DeskForm):
    """A second matter."""

    verb = str(Verb.SPLIT)
    behaviour = forms.ChoiceField(label=_("What the second matter is"), choices=behaviour_choices)
    what_happened = _text(_("What happened"))
    token = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def prepare(self) -> None:
        """A token of its own: sent twice, split once."""
        self.fields["token"].initial = secrets.token_urlsafe(24)


class CorrectForm(DeskForm):
    """The facts as they are."""

    verb = str(Verb.CORRECT)
    behaviour = forms.ChoiceField(label=_("Behaviour"), choices=behaviour_choices)
    respondent = forms.CharField(
        label=_("Office complained about"),
        required=False,
        max_length=80,
        help_text=_("If it, or an office below it, holds this complaint, it moves up at once."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    urgent = forms.BooleanField(
        label=_("Urgent: on top of the queue, with the shortest limit"), required=False
    )
    is_complex = forms.BooleanField(label=_("Complex: the longer limit to answer applies"), required=False)
    reason = _reason()

    def prepare(self) -> None:
        """Begin with what is on record."""
        found = self.complaint
        self.initial = {
            "behaviour": found.behaviour,
            "respondent": found.respondent.name if found.respondent else "",
            "urgent": found.urgent,
            "is_complex": found.complex,
            **self.initial,
        }

    def clean(self) -> dict[str, Any]:
        """The office complained about, by its name; unchanged or empty: it stays."""
        values: dict[str, Any] = super().clean() or {}
        name = (values.get("respondent") or "").strip()
        present = self.complaint.respondent
        values["office"] = None
        if name and not (present and present.name == name):
            found = offices_complained_about(self.complaint, self.user, name)
            values["office"] = pick_office(self, name, found, field="respondent")
        return values


class SuperviseForm(OfficeForm):
    """A supervision order."""

    verb = str(Verb.SUPERVISE)
    text = _text(
        _("What is to be put right"),
        _("The office reads this. Write nothing by which the complainant could be recognised."),
    )
    due_at = instant_field(_("Report due at"))
    token = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def prepare(self) -> None:
        """Until tomorrow's end of work, unless somebody says otherwise."""
        super().prepare()
        self.fields["token"].initial = secrets.token_urlsafe(24)
        self.fields["due_at"].initial = tomorrow_evening(self.at)
        if self.complaint.respondent_id and str(self.complaint.respondent_id) in self.offices:
            self.fields["office"].initial = str(self.complaint.respondent_id)

    def near(self) -> list[Office]:
        """The office complained about first."""
        return offices_to_order(self.complaint, self.user)

    def by_name(self, name: str) -> list[Office]:
        """Any below the own one."""
        return offices_to_order(self.complaint, self.user, name)


def tomorrow_evening(at: dt.datetime) -> dt.datetime:
    """The end of the next day's work in Asia/Shanghai."""
    local = timezone.localtime(at) + dt.timedelta(days=1)
    return local.replace(hour=WORKDAY_ENDS.hour, minute=WORKDAY_ENDS.minute, second=0, microsecond=0)


class PersonForm(DeskForm):
    """A form that names one of the people whom the page offers."""

    person = forms.ChoiceField(label=_("Who"))

    def __init__(self, data: Any = None, *, people: list[User], **kwargs: Any) -> None:
        self.people = {str(user.pk): user for user in people}
        super().__init__(data, **kwargs)

    def prepare(self) -> None:
        """Offer these people."""
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [(key, self._label(user)) for key, user in self.people.items()]

    def _label(self, user: User) -> str:
        words = {"name": user.display_name}
        return str(_("%(name)s (myself)") % words) if user.pk == self.user.pk else user.display_name

    @property
    def chosen(self) -> User:
        """The person of a valid form."""
        return self.people[self.cleaned_data["person"]]


class CoordinatorForm(PersonForm):
    """Who answers for it until it is closed."""

    verb = "coordinator"


class RecuseForm(PersonForm):
    """Who must not see it any more."""

    verb = "recuse"
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Related, involved or named in it. From then on this person does not see the case."),
        error_messages={"required": _("Please write something here: it stays on record.")},
    )


class TogetherForm(forms.Form):
    """One answer to many."""

    text = _text(
        pgettext_lazy("complaint", "Answer"),
        _("Each complainant reads it under the own receipt, and each then has the word."),
    )
    accept_first = forms.BooleanField(
        label=_("Accept those that nobody has accepted yet, and answer them as well"),
        required=False,
        initial=True,
    )

    def __init__(self, data: Any = None, *, unaccepted: bool) -> None:
        super().__init__(data)
        if not unaccepted:
            del self.fields["accept_first"]


class ReportForm(VerbForm):
    """What the addressee of a supervision order did."""

    verb = "report"
    text = _text(_("Report"), _("What was put right, when, by whom; what is still missing and until when."))


class VerifyOrderForm(VerbForm):
    """How it was seen that an order was put right."""

    verb = "verified"
    text = _text(_("How it was verified"), _("Not shown to the office."))


class AgainForm(VerbForm):
    """Once more, until a new date."""

    verb = "again"
    text = _text(_("What is not put right yet"), _("The office reads this."))
    due_at = instant_field(_("Report due at"))
