"""The duty roster: who coordinates urgent complaints, by day and by night (P2)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.admin import ScopedAdmin
from accounts.models import Area, Office, User
from complaints.actions.rostering import WEEK, copy_week, monday_of
from complaints.actions.routing import officers_of
from complaints.models import DutyShift
from policy import clock


class DutyShiftForm(forms.ModelForm[DutyShift]):
    """A duty of somebody who can do it."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse whoever does not handle complaints at that office: nothing could be given to them."""
        said = super().clean() or self.cleaned_data
        office, user = said.get("office"), said.get("user")
        if office and user and user not in officers_of(office):
            self.add_error("user", _("Only whoever handles complaints at this office can be on duty there."))
        return said


class CopyForm(BaseDialogForm):
    """Which week is to be written."""

    into = forms.ChoiceField(
        label=_("which week is to be filled"),
        choices=[
            ("next", _("next week, from this one")),
            ("this", _("this week, from last week")),
        ],
        widget=UnfoldAdminSelectWidget,
    )


_COPY: Any = {
    "title": _("Copy a week of the roster"),
    "description": _(
        "The duties of all your offices, a week later. Whoever has a duty at that time already, or has left, "
        "is passed over."
    ),
    "form_class": CopyForm,
    "form_submit_text": _("Copy a week of the roster"),
}


class DutyFilter(admin.SimpleListFilter):
    """Now, still to come, or past."""

    title = pgettext_lazy("admin filter", "when")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """On duty first."""
        return [("now", _("on duty now")), ("next", _("still to come")), ("past", _("past"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[DutyShift]:
        """The duties of the chosen time."""
        at = clock.now()
        match self.value():
            case "now":
                return queryset.on_duty(at)
            case "next":
                return queryset.filter(starts_at__gt=at)
            case "past":
                return queryset.filter(ends_at__lte=at)
        return queryset


@admin.register(DutyShift)
class DutyShiftAdmin(ScopedAdmin):
    """The duties of the offices in the own area. What is past stays as it was."""

    form = DutyShiftForm
    list_display = ("office", "user", "starts_at", "ends_at")
    list_select_related = ("office", "user")
    list_filter = (DutyFilter,)
    search_fields = ("office__name", "user__last_name", "user__first_name", "user__username")
    ordering = ("-starts_at", "-pk")
    autocomplete_fields = ("office", "user")
    fields = ("office", "user", "starts_at", "ends_at")
    actions_list = ("copy_a_week",)

    def has_change_permission(self, request: HttpRequest, obj: DutyShift | None = None) -> bool:  # type: ignore[override]
        """Until it is over."""
        return self._may(request) and (obj is None or obj.ends_at > clock.now())

    def has_delete_permission(self, request: HttpRequest, obj: DutyShift | None = None) -> bool:  # type: ignore[override]
        """One that has not begun can be taken off the roster."""
        return self._may(request) and obj is not None and obj.starts_at > clock.now()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Staff of the own area."""
        if db_field.name == "user":
            below = Area.objects.visible_to(request.user)  # type: ignore[arg-type]
            kwargs["queryset"] = User.objects.filter(area__in=below, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @action(
        description=_("Copy a week of the roster"), url_path="copy-week", dialog=_COPY, permissions=["view"]
    )
    def copy_a_week(self, request: HttpRequest, form: CopyForm) -> HttpResponse:
        """The verb for all offices in sight; told how many duties were written and how many passed over."""
        user = request.user
        if self._may(request) and isinstance(user, User):
            this = monday_of(clock.today())
            into = this + WEEK if form.cleaned_data["into"] == "next" else this
            made, left = copy_week(offices=Office.objects.visible_to(user), into=into)
            text = _("Duties written: %(made)d; passed over: %(left)d.")
            messages.success(request, text % {"made": made, "left": left})
        address = reverse("admin:complaints_dutyshift_changelist")
        return HttpResponse(status=204, headers={"HX-Redirect": address})
