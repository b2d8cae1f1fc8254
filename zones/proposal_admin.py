"""Proposals of wider zones in the admin site: an area above that of the proposer approves or refuses."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin import HistoryAdmin
from accounts.models import User
from accounts.rules import Ability
from policy import clock
from policy.refusals import RuleViolation
from zones.actions import approve, refuse
from zones.models import ZoneProposal
from zones.rules import DECISIONS, Decision
from zones.zone_shapes import proposal_state


class ApprovalForm(BaseDialogForm):
    """What speaks for it, if anything is to be added."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=300,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("It is kept with the proposal; it may stay empty."),
    )


class RefusalForm(BaseDialogForm):
    """Why not."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("It is kept with the proposal and shown to whoever made it."),
    )


_APPROVE: Any = {
    "title": _("Approve and seal"),
    "description": _("The units are sealed at once; the reason is shown in public."),
    "form_class": ApprovalForm,
    "form_submit_text": _("Approve and seal"),
}
_REFUSE: Any = {
    "title": _("Refuse"),
    "description": _("Nothing is sealed."),
    "form_class": RefusalForm,
    "form_submit_text": _("Refuse"),
}
PROPOSAL_WORDS = {
    "undecided": _("waits for a decision"),
    "approved": DECISIONS[Decision.APPROVED],
    "refused": DECISIONS[Decision.REFUSED],
    "lapsed": pgettext_lazy("proposal", "lapsed"),
}


class ProposalStateFilter(admin.SimpleListFilter):
    """What became of the proposals."""

    title = _("decision")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Those to decide first."""
        return list(PROPOSAL_WORDS.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[ZoneProposal]:
        """The proposals in the chosen state."""
        today = clock.today()
        match self.value():
            case "undecided":
                return queryset.undecided().filter(lapses_on__gt=today)
            case "lapsed":
                return queryset.undecided().filter(lapses_on__lte=today)
            case "approved" | "refused" as decision:
                return queryset.filter(decision=decision)
        return queryset


@admin.register(ZoneProposal)
class ZoneProposalAdmin(HistoryAdmin):
    list_display = (
        "compound",
        "boundary",
        "community",
        "wider_reason",
        "state_now",
        "proposed_at",
        "proposed_by",
        "lapses_on",
    )
    list_filter = (ProposalStateFilter, "wider_reason")
    list_select_related = ("compound", "community", "proposed_by")
    search_fields = ("compound__name", "boundary", "community__name")
    ordering = ("-proposed_at", "-pk")
    actions_detail = ("approve", "refuse")
    fields = (
        "compound",
        "boundary",
        "community",
        "state_now",
        "wider_reason",
        "wider_note",
        "why",
        "infections",
        "proposed_at",
        "proposed_by",
        "lapses_on",
        "decided_at",
        "decided_by",
        "decided_reason",
        "made_of_it",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: ZoneProposal | None = None) -> Any:
        """Every field: proposals are made and decided by verbs."""
        return self.fields

    @admin.display(description=_("decision"))
    def state_now(self, proposal: ZoneProposal) -> str:
        """Decided how, still to decide, or too late for it."""
        return str(PROPOSAL_WORDS[proposal_state(proposal, clock.today())])

    @admin.display(description=_("Why it is sealed although the infection was found apart"))
    def why(self, proposal: ZoneProposal) -> str:
        """The proposer's reason, where the infection was found in isolation or closed loop."""
        return proposal.reason or "–"

    @admin.display(description=_("high-risk zone"))
    def made_of_it(self, proposal: ZoneProposal) -> str:
        """The zone that came of it."""
        if proposal.zone is None:
            return "–"
        address = reverse("admin:zones_zone_change", args=[proposal.zone_id])
        return format_html('<a href="{}">{}</a>', address, proposal.zone)

    @admin.display(description=_("infections found on"))
    def infections(self, proposal: ZoneProposal) -> str:
        """The dates of the infections that it rests on."""
        return "、".join(sorted({str(cause["found_on"]) for cause in proposal.causes})) or "–"

    @action(description=_("Approve and seal"), url_path="approve", dialog=_APPROVE)
    def approve(self, request: HttpRequest, form: ApprovalForm, object_id: int) -> HttpResponse:
        """The verb of the pages: the units are sealed at once."""
        return self._decide(request, object_id, approve, form)

    @action(description=_("Refuse"), url_path="refuse", dialog=_REFUSE)
    def refuse(self, request: HttpRequest, form: RefusalForm, object_id: int) -> HttpResponse:
        """The verb of the pages: nothing is sealed."""
        return self._decide(request, object_id, refuse, form)

    def _decide(self, request: HttpRequest, object_id: int, verb: Any, form: BaseDialogForm) -> HttpResponse:
        proposal, user = self.get_object(request, str(object_id)), request.user
        if proposal is not None and isinstance(user, User) and user.may(Ability.SUPERVISE):
            try:
                verb(proposal=proposal, reason=form.cleaned_data["reason"], by=user, at=clock.now())
                messages.success(request, _("Recorded."))
            except RuleViolation as refusal:
                messages.error(request, str(refusal))
        address = reverse("admin:zones_zoneproposal_change", args=[object_id])
        return HttpResponse(status=204, headers={"HX-Redirect": address})
