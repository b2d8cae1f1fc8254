"""What supervisors keep: hotlines and who answers them, hospitals, receiving points, people and cars."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import ForeignKey, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from unfold.decorators import action

from accounts.admin import KeptInline, ScopedAdmin
from accounts.models import Area, User
from policy import clock
from supplies.actions.calls import mark_checked, repeat_week
from supplies.forms.medical import CARE_KINDS, TREATMENT_CHOICES
from supplies.models import Car, CareSite, Carrier, Hotline, HotlineShift, ReceivingPoint
from supplies.rules.calls import CHECKED_WITHIN_DAYS
from supplies.rules.medical import TREATMENT_KINDS, TreatmentKind
from zones.models import Site


class ShiftInline(KeptInline):
    model = HotlineShift
    autocomplete_fields = ("user",)
    fields = ("user", "starts_at", "ends_at")

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Staff of the own subtree only."""
        if db_field.name == "user":
            below = Area.objects.visible_to(request.user)  # type: ignore[arg-type]
            kwargs["queryset"] = User.objects.filter(area__in=below)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class CheckedFilter(admin.SimpleListFilter):
    """Whether somebody called the line lately to see that it is answered."""

    title = pgettext_lazy("admin filter of hotlines", "checked")
    parameter_name = "checked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Lately, or too long ago."""
        return [("late", _("out of date")), ("fresh", _("checked lately"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Hotline]:
        """The lines in the chosen state."""
        since = clock.today() - dt.timedelta(days=CHECKED_WITHIN_DAYS)
        match self.value():
            case "late":
                return queryset.filter(checked_on__lt=since)
            case "fresh":
                return queryset.filter(checked_on__gte=since)
        return queryset


@admin.register(Hotline)
class HotlineAdmin(ScopedAdmin):
    list_display = (
        "name",
        "purpose",
        "phone",
        "area",
        "hours",
        "on_duty",
        "checked_on",
        "is_fresh",
        "enabled",
    )
    list_filter = (CheckedFilter, "purpose", "enabled")
    list_select_related = ("area",)
    search_fields = ("name", "phone", "area__name")
    autocomplete_fields = ("area", "site")
    inlines = (ShiftInline,)
    actions = ("checked_today", "repeat_week")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever enters a line has just called it; it is the own area's unless somebody says otherwise."""
        area = getattr(request.user, "area_id", None)
        return {"checked_on": clock.today(), "area": area} | super().get_changeform_initial_data(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hotline]:
        """With whoever is on duty at this moment."""
        at = clock.now()
        now = HotlineShift.objects.filter(starts_at__lte=at, ends_at__gt=at).select_related("user")
        return super().get_queryset(request).prefetch_related(Prefetch("shifts", now, to_attr="now"))

    @admin.display(description=_("on duty now"))
    def on_duty(self, hotline: Hotline) -> str:
        """By the roster."""
        shifts: list[HotlineShift] = hotline.now  # type: ignore[attr-defined]
        return "、".join(shift.user.display_name for shift in shifts) or "–"

    @admin.display(description=pgettext_lazy("opening", "hours"))
    def hours(self, hotline: Hotline) -> str:
        """From when to when, or day and night."""
        if hotline.all_day or hotline.opens_at is None or hotline.closes_at is None:
            return str(_("day and night"))
        return f"{hotline.opens_at:%H:%M}–{hotline.closes_at:%H:%M}"

    @admin.display(description=_("up to date"), boolean=True)
    def is_fresh(self, hotline: Hotline) -> bool:
        """Checked lately enough to be trusted."""
        return not hotline.is_out_of_date(clock.today())

    @action(description=_("Checked today: somebody answered"), permissions=("change",))
    def checked_today(self, request: HttpRequest, queryset: QuerySet[Hotline]) -> None:
        """Note that the chosen lines were called today and answered."""
        done = mark_checked(queryset, on=clock.today())
        words = ngettext("%(n)d line checked today.", "%(n)d lines checked today.", done)
        messages.success(request, words % {"n": done})

    @action(description=_("Roster: repeat the last week for the next one"), permissions=("change",))
    def repeat_week(self, request: HttpRequest, queryset: QuerySet[Hotline]) -> None:
        """Nobody types a roster of fourteen shifts twice; what differs is changed by hand."""
        done = repeat_week(queryset)
        words = ngettext("%(n)d shift written.", "%(n)d shifts written.", done)
        messages.success(request, words % {"n": done})


class CareSiteForm(forms.ModelForm[CareSite]):
    """What a hospital is to people behind a closed door, as on its page, and which one it is."""

    treats = forms.MultipleChoiceField(
        label=_("Treats"), required=False, choices=TREATMENT_CHOICES, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = CareSite
        fields = (
            "site",
            "direct_line",
            "departments",
            "treats",
            "yellow_code",
            "green_channel",
            "status",
            "status_reason",
        )


@admin.register(CareSite)
class CareSiteAdmin(ScopedAdmin):
    form = CareSiteForm
    list_display = ("site", "community", "direct_line", "status", "status_reason", "yellow_code", "treated")
    list_filter = ("status", "yellow_code", "site__kind")
    list_select_related = ("site__community",)
    search_fields = ("site__name", "departments")
    readonly_fields = ("status_since", "who")
    fields = (*CareSiteForm.Meta.fields, "status_since", "who")

    def scoped(self, rows: QuerySet[CareSite], user: User) -> QuerySet[CareSite]:
        """Hospitals and pharmacies of the own subtree."""
        return rows.filter(site__in=Site.objects.visible_to(user))

    def get_readonly_fields(self, request: HttpRequest, obj: CareSite | None = None) -> Any:
        """Which hospital it is does not change."""
        return (*self.readonly_fields, "site") if obj else self.readonly_fields

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Hospitals and pharmacies of the own subtree that have no such record yet."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "site":
            field.queryset = field.queryset.filter(kind__in=CARE_KINDS, care=None)
        return field

    def save_model(self, request: HttpRequest, obj: CareSite, form: Any, change: bool) -> None:
        """As on its page: a new state stands from now on, and has somebody who says so."""
        if not change or "status" in form.changed_data:
            obj.status_since = clock.now()
        if isinstance(request.user, User):
            obj.status_by = request.user
        super().save_model(request, obj, form, change)

    @admin.display(description=_("community"), ordering="site__community__code")
    def community(self, care: CareSite) -> str:
        """Where it is."""
        return care.site.community.name

    @admin.display(description=_("treats"))
    def treated(self, care: CareSite) -> str:
        """The regular treatments in words."""
        return "、".join(str(TREATMENT_KINDS[TreatmentKind(kind)]) for kind in care.treats) or "–"

    @admin.display(description=_("who"))
    def who(self, care: CareSite) -> str:
        """Who said so last."""
        return str(care.status_by or "–")


@admin.register(ReceivingPoint)
class ReceivingPointAdmin(ScopedAdmin):
    list_display = ("name", "compound", "community", "hours", "phone", "enabled")
    list_filter = ("enabled",)
    list_select_related = ("compound__community",)
    search_fields = ("name", "compound__name")
    autocomplete_fields = ("compound",)

    @admin.display(description=_("community"), ordering="compound__community__code")
    def community(self, point: ReceivingPoint) -> str:
        """Where its compound is."""
        return point.compound.community.name


@admin.register(Carrier)
class CarrierAdmin(ScopedAdmin):
    """The telephone stands on the record's own page alone: a list of private numbers is printed nowhere."""

    list_display = ("name", "compound", "volunteer", "enabled")
    list_filter = ("enabled", "volunteer")
    list_select_related = ("compound",)
    search_fields = ("name", "compound__name")
    autocomplete_fields = ("compound",)


@admin.register(Car)
class CarAdmin(ScopedAdmin):
    list_display = ("plate", "compound", "driver", "for_patients", "enabled")
    list_filter = ("enabled", "for_patients")
    list_select_related = ("compound",)
    search_fields = ("plate", "driver", "compound__name")
    autocomplete_fields = ("compound",)
