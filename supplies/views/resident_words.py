"""The resident's word about a need: received, not all right, not needed any more, still wanted."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cases.views.answers import blame
from policy.refusals import BadInput, RuleViolation
from supplies.actions.closing import end_by_word, say_not_wanted, say_still_wanted
from supplies.actions.serving import move
from supplies.forms.asking import ReasonForm
from supplies.need_rows import NeedRow
from supplies.rules.needs import Asker, NeedVerb
from supplies.views.resident import need_page, row_of
from supplies.views.resident_door import Door, behind_link

Word = Callable[[NeedRow, Door, str], None]


def _confirm(row: NeedRow, door: Door, reason: str) -> None:
    move(need=row.need, verb=NeedVerb.CONFIRM, asker=Asker.RESIDENT, at=door.at)


def _not_right(row: NeedRow, door: Door, reason: str) -> None:
    move(need=row.need, verb=NeedVerb.NOT_RIGHT, asker=Asker.RESIDENT, at=door.at, reason=reason)


def _cancel(row: NeedRow, door: Door, reason: str) -> None:
    end_by_word(need=row.need, reason=reason or _("taken back by the resident"), at=door.at)


def _wanted(row: NeedRow, door: Door, reason: str) -> None:
    say_still_wanted(need=row.need, at=door.at)


def _no_thanks(row: NeedRow, door: Door, reason: str) -> None:
    say_not_wanted(need=row.need, at=door.at)


WORDS: dict[str, tuple[Word, object]] = {
    "confirm": (_confirm, gettext_lazy("Thank you. It is noted that it has arrived.")),
    "not_right": (_not_right, gettext_lazy("We take it up again; your words are with us.")),
    "cancel": (_cancel, gettext_lazy("Taken back.")),
    "wanted": (_wanted, gettext_lazy("Good, we go on with it.")),
    "no_thanks": (_no_thanks, gettext_lazy("Thank you, then it is closed.")),
}


@behind_link
@require_POST
def my_word(request: HttpRequest, door: Door, number: str, word: str) -> HttpResponse:
    """Do what the button says; what is refused is shown on the page of the need, nothing typed is lost."""
    if word not in WORDS:
        raise Http404
    row = row_of(door, number)
    act, told = WORDS[word]
    form = ReasonForm(request.POST, verb=word)
    if form.is_valid():
        before = row.need.state
        try:
            act(row, door, form.cleaned_data["reason"].strip())
        except (RuleViolation, BadInput) as refusal:
            if _done_already(row_of(door, number), before, word):
                return _back(door, number)
            blame(form, refusal)
        else:
            messages.success(request, str(told))
            return _back(door, number)
    return need_page(request, door, row_of(door, number), bound=form)


def _done_already(row: NeedRow, before: str, word: str) -> bool:
    """Whether the same button was pressed twice: then it is done, and no refusal."""
    ends = {"confirm": "confirmed", "cancel": "cancelled", "no_thanks": "cancelled"}
    return row.need.state == before == ends.get(word)


def _back(door: Door, number: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("my-need", args=[door.token, number]), status=303)
