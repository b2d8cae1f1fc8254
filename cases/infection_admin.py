"""Infections, their contacts and the services at the door in the admin site: read, searched, never edited.

A person may live or be registered elsewhere: the name is shown to whoever sees the person.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin import HistoryAdmin, ReadOnlyInline
from accounts.models import User
from cases.actions.tracing import judge_contacts
from cases.models import Contact, DoorService, Infection, InfectionStay, Person, SpreadAssessment
from cases.rules import SPREADS, Spread
from policy import clock

NOT_YET = pgettext_lazy("admin filter", "not yet")


def with_sight(rows: QuerySet[Any], request: HttpRequest, path: str = "person") -> QuerySet[Any]:
    """The rows with a mark whether the supervisor sees the person."""
    user = request.user
    seen = Person.objects.visible_to(user) if isinstance(user, User) else Person.objects.none()
    return rows.select_related(path).annotate(in_sight=Exists(seen.filter(pk=OuterRef(path))))


def name_in_sight(row: Any, person: Person | None) -> str:
    """The name, to whoever sees the person."""
    return person.name if person is not None and row.in_sight else "–"


class StayInline(ReadOnlyInline):
    model = InfectionStay
    hide_title = True
    fields = ("purpose", "unit", "site", "from_on", "to_on", "note", "added_at", "who")

    @admin.display(description=_("who"))
    def who(self, stay: InfectionStay) -> str:
        """Who added it."""
        return str(stay.added_by or "–")

    def get_queryset(self, request: HttpRequest) -> QuerySet[InfectionStay]:
        """With what names a place."""
        return super().get_queryset(request).select_related("unit__building__compound", "site", "added_by")


class ContactInline(ReadOnlyInline):
    model = Contact
    hide_title = True
    per_page = 50
    fields = ("person_name", "last_exposure_on", "kind", "judged_at", "judged_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """With the mark whether the name may be shown."""
        return with_sight(super().get_queryset(request), request)

    @admin.display(description=_("person"))
    def person_name(self, contact: Contact) -> str:
        """The name, to whoever sees the person."""
        return name_in_sight(contact, contact.person)


class AssessmentInline(ReadOnlyInline):
    model = SpreadAssessment
    hide_title = True
    fields = ("opened_at", "due_at", "owner", "shared_home", "left_home", "conclusion", "closed_at")


class JudgedFilter(admin.SimpleListFilter):
    """Whether the contacts are judged."""

    title = _("contacts judged")
    parameter_name = "judged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Those to do first."""
        return [
            ("no", pgettext_lazy("admin filter", "not yet")),
            ("yes", pgettext_lazy("contacts", "judged")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Infection]:
        """The infections in the chosen state; a mistaken positive has no contacts to judge."""
        match self.value():
            case "no":
                return queryset.standing().filter(contacts_judged_at=None)
            case "yes":
                return queryset.exclude(contacts_judged_at=None)
        return queryset


@admin.register(Infection)
class InfectionAdmin(HistoryAdmin):
    list_display = (
        "label",
        "found_on",
        "found_where",
        "manifestation",
        "community",
        "person_name",
        "reported_at",
        "contacts_judged_at",
        "retracted_at",
    )
    list_filter = (JudgedFilter, "found_where", "manifestation", "found_on")
    search_fields = ("label",)
    ordering = ("-found_on", "-pk")
    actions = ("contacts_judged",)
    inlines = (StayInline, ContactInline, AssessmentInline)
    fields = (
        "label",
        "community",
        "person_name",
        "manifestation",
        "ct",
        "found_on",
        "found_where",
        "sampled_at",
        "resulted_at",
        "reported_at",
        "reported_by",
        "contacts_judged_at",
        "isolated_at",
        "admitted_at",
        "admitted_to",
        "remarks",
        "retracted_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Infection]:
        """With the mark whether the name may be shown."""
        return with_sight(super().get_queryset(request), request).select_related("community")

    def get_readonly_fields(self, request: HttpRequest, obj: Infection | None = None) -> Any:
        """Every field: the record is changed on its page."""
        return self.fields

    def view_on_site(self, obj: Infection) -> str:
        """The page of the infection."""
        return reverse("infection", args=[obj.pk])

    @admin.display(description=_("person"))
    def person_name(self, infection: Infection) -> str:
        """The name, to whoever sees the person."""
        return name_in_sight(infection, infection.person)

    @admin.action(description=_("Contacts of these infections are traced"))
    def contacts_judged(self, request: HttpRequest, infections: QuerySet[Infection]) -> None:
        """Tick it for all chosen."""
        at, by = clock.now(), request.user
        done = sum(
            judge_contacts(infection=each, by=by, at=at)  # type: ignore[arg-type]
            for each in infections
        )
        messages.success(request, _("Recorded for %(done)d.") % {"done": done})


@admin.register(Contact)
class ContactAdmin(HistoryAdmin):
    list_display = ("infection", "person_name", "last_exposure_on", "kind", "judged_at", "judged_by")
    list_filter = ("kind", "last_exposure_on")
    search_fields = ("=infection__label",)
    ordering = ("-last_exposure_on", "-pk")
    fields = ("infection", "person_name", "last_exposure_on", "kind", "episode", "judged_at", "judged_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """With the mark whether the name may be shown, and the ground."""
        rows = with_sight(super().get_queryset(request), request)
        return rows.select_related("ground", "infection", "judged_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> Any:
        """Every field: contacts are judged on the infection's page."""
        return self.fields

    @admin.display(description=_("person"))
    def person_name(self, contact: Contact) -> str:
        """The name, to whoever sees the person."""
        return name_in_sight(contact, contact.person)

    @admin.display(description=_("episode"))
    def episode(self, contact: Contact) -> str:
        """The number of the episode that follows from it, if one does."""
        seen = contact.ground is not None and contact.in_sight  # type: ignore[attr-defined]
        return str(contact.ground.episode_id) if seen and contact.ground else "–"


class ConclusionFilter(admin.SimpleListFilter):
    """Whether the assessments are closed, and how; the late ones by themselves."""

    title = _("conclusion")
    parameter_name = "conclusion"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Open, late, or as concluded."""
        return [
            ("open", SPREADS[Spread.OPEN]),
            ("late", pgettext_lazy("assessment", "late")),
            *((each.value, label) for each, label in SPREADS.items() if each is not Spread.OPEN),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[SpreadAssessment]:
        """The assessments in the chosen state."""
        match self.value():
            case "open":
                return queryset.filter(closed_at=None)
            case "late":
                return queryset.filter(closed_at=None, due_at__lt=clock.now())
            case Spread.SPREAD | Spread.NO_SPREAD as conclusion:
                return queryset.filter(conclusion=conclusion)
        return queryset


@admin.register(SpreadAssessment)
class SpreadAssessmentAdmin(HistoryAdmin):
    list_display = (
        "infection",
        "community",
        "opened_at",
        "due_at",
        "owner",
        "conclusion",
        "closed_at",
        "late",
    )
    list_filter = (ConclusionFilter,)
    list_select_related = ("infection__community", "owner")
    search_fields = ("=infection__label",)
    ordering = ("-opened_at", "-pk")
    fields = (
        "infection",
        "opened_at",
        "due_at",
        "late",
        "owner",
        "shared_home",
        "left_home",
        "conclusion",
        "closed_at",
        "who",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: SpreadAssessment | None = None) -> Any:
        """Every field: the spread is judged on the infection's page."""
        return self.fields

    @admin.display(description=_("who"))
    def who(self, assessment: SpreadAssessment) -> str:
        """Who closed it."""
        return str(assessment.closed_by or "–")

    def scoped(self, rows: QuerySet[SpreadAssessment], user: User) -> QuerySet[SpreadAssessment]:
        """Assessments of the infections that the user sees."""
        return rows.filter(infection__in=Infection.objects.visible_to(user).values("pk"))

    @admin.display(description=_("community"))
    def community(self, assessment: SpreadAssessment) -> str:
        """Where the infection was found."""
        return assessment.infection.community.name

    @admin.display(description=pgettext_lazy("assessment", "late"), boolean=True)
    def late(self, assessment: SpreadAssessment) -> bool:
        """Open past its hour, or closed after it."""
        return assessment.late(clock.now())


class DoneFilter(admin.SimpleListFilter):
    """Whether somebody has done it."""

    title = pgettext_lazy("at the door", "done")
    parameter_name = "done"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What waits first."""
        return [
            ("no", pgettext_lazy("admin filter", "not yet")),
            ("yes", pgettext_lazy("at the door", "done")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[DoorService]:
        """The services in the chosen state."""
        match self.value():
            case "no":
                return queryset.open()
            case "yes":
                return queryset.exclude(done_at=None)
        return queryset


@admin.register(DoorService)
class DoorServiceAdmin(HistoryAdmin):
    list_display = ("zone", "kind", "person_name", "wanted_at", "done_at", "who")
    list_filter = (DoneFilter, "kind")
    search_fields = ("zone__compound__name", "zone__boundary")
    ordering = ("-wanted_at", "-pk")
    fields = ("zone", "kind", "person_name", "note", "wanted_at", "asked_by", "done_at", "who")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DoorService]:
        """With the mark whether the name may be shown."""
        rows = with_sight(super().get_queryset(request), request)
        return rows.select_related("zone__compound", "done_by")

    def get_readonly_fields(self, request: HttpRequest, obj: DoorService | None = None) -> Any:
        """Every field: services are asked for and done on the zone's page."""
        return self.fields

    @admin.display(description=_("person"))
    def person_name(self, service: DoorService) -> str:
        """The name, to whoever sees the person."""
        return name_in_sight(service, service.person)

    @admin.display(description=_("who"))
    def who(self, service: DoorService) -> str:
        """Who did it."""
        return str(service.done_by or "–")

    @admin.display(description=_("noted by"))
    def asked_by(self, service: DoorService) -> str:
        """Who wrote down that it is needed."""
        return str(service.wanted_by or "–")
