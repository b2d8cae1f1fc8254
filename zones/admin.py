"""Places in the admin site: made, renamed, never deleted."""

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey
from django.http import HttpRequest
from unfold.admin import TabularInline

from accounts.admin import ScopedAdmin
from zones import proposal_admin, zone_admin  # noqa: F401 - zones are registered there
from zones.models import Building, Compound, Room, Site, Unit


class _PlaceInline(TabularInline):
    extra = 1
    can_delete = False

    def has_view_permission(self, request: object, obj: object = None) -> bool:
        """Whoever sees the place sees its parts."""
        return True

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission


class BuildingInline(_PlaceInline):
    model = Building


class UnitInline(_PlaceInline):
    model = Unit


class RoomInline(_PlaceInline):
    model = Room


@admin.register(Compound)
class CompoundAdmin(ScopedAdmin):
    list_display = ("name", "kind", "community", "address")
    list_filter = ("kind",)
    list_select_related = ("community",)
    search_fields = ("name",)
    autocomplete_fields = ("community",)
    inlines = (BuildingInline,)


@admin.register(Building)
class BuildingAdmin(ScopedAdmin):
    list_display = ("name", "floors", "compound", "community")
    list_select_related = ("compound__community",)
    search_fields = ("name", "compound__name")
    autocomplete_fields = ("compound",)
    inlines = (UnitInline,)

    @admin.display(ordering="compound__community")
    def community(self, building: Building) -> str:
        """The community of the compound."""
        return building.compound.community.name


@admin.register(Unit)
class UnitAdmin(ScopedAdmin):
    list_display = ("name", "building", "compound")
    list_select_related = ("building__compound",)
    search_fields = ("name", "building__name", "building__compound__name")
    autocomplete_fields = ("building",)

    @admin.display(ordering="building__compound")
    def compound(self, unit: Unit) -> str:
        """The compound of the building."""
        return unit.building.compound.name


@admin.register(Site)
class SiteAdmin(ScopedAdmin):
    list_display = ("name", "kind", "community", "phone")
    list_select_related = ("community",)
    list_filter = ("kind",)
    search_fields = ("name",)
    autocomplete_fields = ("community",)
    inlines = (RoomInline,)

    def get_inlines(self, request: HttpRequest, obj: Site | None = None) -> Any:
        """Rooms where people stay: not at a pharmacy, a school or a firm, unless some were entered before."""
        return () if obj and not obj.takes_in and not obj.rooms.exists() else self.inlines


@admin.register(Room)
class RoomAdmin(ScopedAdmin):
    list_display = ("number", "site")
    list_select_related = ("site",)
    search_fields = ("number", "site__name")
    autocomplete_fields = ("site",)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Sites of the own subtree where people stay."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "site":
            field.queryset = field.queryset.taking_in()
        return field
