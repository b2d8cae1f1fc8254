"""How long each step may take: local settings, for the seeds name no hours. Running clocks stay."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin import ScopedAdmin, governs_all
from complaints.actions.clocks import limits_set
from complaints.models import StepLimit
from complaints.rules.behaviours import BY_CODE
from complaints.rules.clocks import CLOCK_STEPS

LOCAL = _(
    "Local settings: the Twenty Measures name no hours, only “at once”. A change holds for clocks that begin "
    "after it; those that run keep the limit with which they began."
)


def steps_without_limit() -> list[str]:
    """The steps for which no line holds for all complaints: some would have no clock at all."""
    general = {limit.step for limit in limits_set() if not limit.particular}
    return [str(label) for step, label in CLOCK_STEPS.items() if step not in general]


def _yes_no_both(value: bool | None) -> str:
    if value is None:
        return "–"
    return str(pgettext_lazy("limit", "yes") if value else pgettext_lazy("limit", "no"))


class StepLimitForm(forms.ModelForm[StepLimit]):
    """A limit that can fit something."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse a behaviour of another topic."""
        said = super().clean() or self.cleaned_data
        behaviour, topic = said.get("behaviour"), said.get("topic")
        if behaviour and topic and BY_CODE[behaviour].topic != topic:
            self.add_error("topic", _("This behaviour belongs to another topic: the limit would never fit."))
        return said


@admin.register(StepLimit)
class StepLimitAdmin(ScopedAdmin):
    """Read by every supervisor; set by whoever supervises the whole installation."""

    for_installer = True
    form = StepLimitForm
    list_display = (
        "step",
        "topic",
        "behaviour",
        "if_urgent",
        "if_complex",
        "amount",
        "unit",
        "second",
        "enabled",
    )
    list_filter = ("step", "enabled")
    ordering = ("step", "pk")
    list_before_template = "complaints/admin/limits_note.html"
    fieldsets = (
        (
            None,
            {
                "fields": ("step", "topic", "behaviour", "urgent", "complex"),
                "description": LOCAL,
            },
        ),
        (_("Limit"), {"fields": ("amount", "unit", "gross", "enabled")}),
    )

    def scoped(self, rows: Any, user: Any) -> Any:
        """All of them: they hold for everybody."""
        return rows

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Theirs to set whose area is everything."""
        return governs_all(request)

    has_add_permission = has_change_permission

    @admin.display(description=_("urgent"))
    def if_urgent(self, limit: StepLimit) -> str:
        """For which ones."""
        return _yes_no_both(limit.urgent)

    @admin.display(description=_("complex"))
    def if_complex(self, limit: StepLimit) -> str:
        """For which ones."""
        return _yes_no_both(limit.complex)

    @admin.display(description=_("second limit"), ordering="gross")
    def second(self, limit: StepLimit) -> str:
        """In the same unit; a dash where there is none."""
        return str(limit.gross) if limit.gross else "–"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the note that they are local, and the steps that lack a limit."""
        note = {"local": LOCAL, "steps_without_limit": steps_without_limit()}
        return super().changelist_view(request, {**(extra_context or {}), **note})

    def save_model(self, request: HttpRequest, obj: StepLimit, form: Any, change: bool) -> None:
        """Store it, and warn when a step has no limit for all complaints any more."""
        super().save_model(request, obj, form, change)
        for step in steps_without_limit():
            text = _("The step “%(step)s” has no limit that holds for all complaints: some have no clock.")
            messages.warning(request, text % {"step": step})
