"""The forms of whoever holds a receipt: number and secret, and what they have to say."""

import secrets
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

TEXT_LIMIT = 4000
TOKEN_LIMIT = 64


def _digits(written: str) -> str:
    """What was typed, narrow, without whatever is no digit."""
    narrow = unicodedata.normalize("NFKC", written)
    return "".join(character for character in narrow if character.isascii() and character.isdigit())


class TrackForm(forms.Form):
    """Number and secret of a receipt, with blanks and hyphens wherever somebody puts them."""

    number = forms.CharField(
        label=_("Receipt number"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "221116-12345678"}
        ),
    )
    secret = forms.CharField(
        label=_("Secret"),
        max_length=60,
        help_text=_("The 16 digits that stood beside the number."),
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "0000 0000 0000 0000"}
        ),
    )

    def clean_number(self) -> str:
        """The digits of the number."""
        return _digits(self.cleaned_data["number"])

    def clean_secret(self) -> str:
        """The digits of the secret."""
        return _digits(self.cleaned_data["secret"])


class FilesInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Pictures and documents; what they are is looked at by their content (complaints.files)."""

    widget = FilesInput

    def __init__(self) -> None:
        super().__init__(
            label=_("Pictures or documents"),
            required=False,
            allow_empty_file=True,  # the reader of files has a sentence for it
            help_text=_("Up to 6 files: JPEG, PNG, WebP, HEIC, PDF, each up to 10 MB."),
            widget=FilesInput(attrs={"multiple": True, "accept": "image/*,.heic,.pdf"}),
        )

    def clean(self, data: Any, initial: Any = None) -> Any:
        """All that were chosen, as they came."""
        return data or []


class WordForm(forms.Form):
    """Something that the complainant says to a complaint. `token` ties uploaded files to the form."""

    complaint = forms.IntegerField(widget=forms.HiddenInput)
    token = forms.CharField(max_length=TOKEN_LIMIT, required=False, widget=forms.HiddenInput)
    text = forms.CharField(max_length=TEXT_LIMIT, widget=forms.Textarea(attrs={"rows": 4}))

    label: Any = _("Your text")
    help_text: Any = ""
    needs_text = True
    takes_files = False

    def __init__(self, data: Any = None, files: Any = None, *, key: int = 0, prefix_id: str = "") -> None:
        super().__init__(
            data,
            files,
            initial={"complaint": key, "token": secrets.token_urlsafe(24)},
            auto_id=f"{prefix_id or type(self).__name__.lower()}_%s",
        )
        self.fields["text"].label = self.label
        self.fields["text"].help_text = self.help_text
        self.fields["text"].required = self.needs_text
        if self.takes_files:
            self.fields["files"] = FilesField()

    def clean_text(self) -> str:
        """The text as it is stored."""
        return str(self.cleaned_data["text"]).strip()


class AddForm(WordForm):
    """Something to add."""

    takes_files = True
    label = _("What you want to add")


class ReplyForm(WordForm):
    """The reply to a question of the desk."""

    takes_files = True
    question = forms.IntegerField(widget=forms.HiddenInput)
    label = _("Your reply")

    def __init__(self, data: Any = None, files: Any = None, *, key: int = 0, question: int = 0) -> None:
        super().__init__(data, files, key=key, prefix_id=f"reply{question or ''}")
        self.fields["question"].initial = question


class DissatisfiedForm(WordForm):
    """Not satisfied, with the reason."""

    label = _("What is still not put right?")
    help_text = _("The desk that works on it again reads this; it stays on record.")


class SatisfiedForm(WordForm):
    """Satisfied; a word to it is welcome and not needed."""

    label = _("A word to it")
    needs_text = False


class WithdrawForm(forms.Form):
    """Taking the complaint back."""

    complaint = forms.IntegerField(widget=forms.HiddenInput)
