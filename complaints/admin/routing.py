"""The routing table: rules in order, tested when they are saved, and to be tried out."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.admin import ScopedAdmin, governs_all
from accounts.models import Area, Office, User
from accounts.rules import CODE_LENGTH
from complaints.models import Complaint, RoutingRule
from complaints.routing_table import caught_by, example_of, left_nothing_by, where
from complaints.rules.behaviours import BEHAVIOUR_CHOICES, BY_CODE
from zones.rules import PLACE_KINDS, SITE_KINDS


def codes_on_the_line(area: Area) -> list[str]:
    """The codes of the area and of those above it."""
    return [area.code[:length] for length in CODE_LENGTH.values() if length <= len(area.code)]


class RoutingRuleForm(forms.ModelForm[RoutingRule]):
    """A rule that can decide something, and that has somebody to send it to."""

    asked_by: User
    """Set by the admin for each request."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse a rule that can never match, and one whose department has no office."""
        said = super().clean() or self.cleaned_data
        behaviour, topic = said.get("behaviour"), said.get("topic")
        if behaviour and topic and BY_CODE[behaviour].topic != topic:
            self.add_error("topic", _("This behaviour belongs to another topic: the rule would never match."))
        if self.errors or not said.get("enabled"):
            return said
        self._check_reached(said)
        self._check_office(said)
        return said

    def _check_reached(self, said: dict[str, Any]) -> None:
        earlier = caught_by(RoutingRule(pk=self.instance.pk, **said))
        if earlier:
            text = _("Rule %(position)d stands before it and catches everything that it would catch.")
            self.add_error("position", text % {"position": earlier.position})

    def _check_office(self, said: dict[str, Any]) -> None:
        """An office of that department has to stand in the area, below it, or above it."""
        offices = Office.objects.filter(department=said["department"])
        area = said.get("area") or self.asked_by.area
        if area is not None:
            inside = Q(area__in=Area.objects.within(area))
            offices = offices.filter(inside | Q(area__code__in=codes_on_the_line(area)))
        if not offices.exists():
            self.add_error("department", _("No office of this department covers any place there."))


class TryForm(forms.Form):
    """A complaint that nobody filed: where would it go?"""

    behaviour = forms.ChoiceField(
        label=_("behaviour"), choices=BEHAVIOUR_CHOICES, widget=UnfoldAdminSelectWidget
    )
    area = forms.ModelChoiceField(label=_("area"), queryset=Area.objects.none())
    place_kind = forms.ChoiceField(
        label=_("kind of place"),
        required=False,
        choices=[("", "–"), *SITE_KINDS.items(), *PLACE_KINDS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    respondent = forms.ModelChoiceField(
        label=_("office complained about"), queryset=Office.objects.none(), required=False
    )

    def __init__(self, *args: Any, areas: Any, offices: Any, widget: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("area", areas), ("respondent", offices)):
            field = cast("forms.ModelChoiceField[Any]", self.fields[name])
            field.widget = widget(name)
            field.queryset = rows
            field.widget.choices = field.choices


@admin.register(RoutingRule)
class RoutingRuleAdmin(ScopedAdmin):
    """The table in its order. A rule of an area is for its supervisor to set."""

    for_installer = True
    form = RoutingRuleForm
    list_before_template = "complaints/admin/routing_note.html"
    list_display = (
        "position",
        "matches_what",
        "where_it_holds",
        "place_kind",
        "department",
        "enabled",
        "note",
    )
    list_display_links = ("position", "matches_what")
    list_select_related = ("area",)
    list_filter = ("enabled", "department", "topic")
    search_fields = ("note", "area__name")
    ordering = ("position", "pk")
    autocomplete_fields = ("area",)
    fields = ("position", "topic", "behaviour", "area", "place_kind", "department", "enabled", "note")
    actions_list = ("try_it",)

    def scoped(self, rows: QuerySet[RoutingRule], user: User) -> QuerySet[RoutingRule]:
        """Every rule that decides anything in the own area: also those of everywhere and of areas above."""
        codes = codes_on_the_line(user.area) if user.area else []
        mine = Q(area=None) | Q(area__in=Area.objects.visible_to(user)) | Q(area__code__in=codes)
        return rows.filter(mine)

    def has_change_permission(self, request: HttpRequest, obj: RoutingRule | None = None) -> bool:  # type: ignore[override]
        """A rule of an area at or below the own one; one of everywhere where the own area is everything."""
        if obj is None or not self._may(request) or governs_all(request):
            return self._may(request)
        user = request.user
        return (
            isinstance(user, User)
            and user.area is not None
            and obj.area is not None
            and user.area.covers(obj.area)
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Whoever does not set what holds everywhere names an area."""
        form = super().get_form(request, obj, change, **kwargs)
        form.asked_by = request.user
        if "area" in form.base_fields and not governs_all(request):
            form.base_fields["area"].required = True
        return form

    def save_model(self, request: HttpRequest, obj: RoutingRule, form: Any, change: bool) -> None:
        """Store it, and tell what it does: an example, and the rules that it leaves nothing to."""
        super().save_model(request, obj, form, change)
        if not obj.enabled:
            return
        dead = left_nothing_by(obj)
        if dead:
            text = _("It leaves nothing to these rules behind it: %(positions)s.")
            positions = "、".join(str(each.position) for each in dead)
            messages.warning(request, text % {"positions": positions})
        area = obj.area or self._own_area(request)
        if area is not None:
            place = Area.objects.within(area).communities().order_by("code").first() or area
            messages.info(request, example_of(obj, place))

    def _own_area(self, request: HttpRequest) -> Area | None:
        """The supervisor's, or the first one for the account of the installation."""
        own = request.user.area if isinstance(request.user, User) else None
        return own or Area.objects.order_by("code").first()

    @admin.display(description=_("area"), ordering="area__code")
    def where_it_holds(self, rule: RoutingRule) -> str:
        """The area, or everywhere."""
        return rule.area.name if rule.area else pgettext("rule", "everywhere")

    @admin.display(description=_("for which complaints"))
    def matches_what(self, rule: RoutingRule) -> str:
        """The behaviour, the topic, or all of them."""
        if rule.behaviour:
            return rule.get_behaviour_display()
        return rule.get_topic_display() if rule.topic else str(_("all"))

    @action(description=_("Try it out"), url_path="try", permissions=["view"])
    def try_it(self, request: HttpRequest) -> HttpResponse:
        """Choose what a complaint is about, and read where it would go and why. Nothing is stored."""
        user = request.user
        areas, offices = Area.objects.all(), Office.objects.select_related("area")
        if isinstance(user, User) and not user.is_superuser:
            areas, offices = Area.objects.visible_to(user), offices.visible_to(user)
        asked = request.GET if "behaviour" in request.GET else None
        form = TryForm(asked, areas=areas, offices=offices, widget=self._chooser)
        found = None
        if asked and form.is_valid():
            said = form.cleaned_data
            found = where(said["behaviour"], said["area"], said["place_kind"], said["respondent"])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Try it out"),
            "opts": self.opts,
            "form": form,
            "found": found,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "complaints/admin/try_routing.html", context)

    def _chooser(self, name: str) -> Any:
        """The widget that looks records up while one types, as on the pages of records."""
        holder: Any = {"area": RoutingRule, "respondent": Complaint}[name]
        return AutocompleteSelect(holder._meta.get_field(name), self.admin_site)
