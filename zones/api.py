"""Places for other systems: compounds, buildings, units, sites and rooms inside the caller's area."""

import unicodedata
from typing import Any

import django_filters
from django import forms
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import CREATE_ERRORS, LIST_ERRORS, Described, ListView
from accounts.idempotency import idempotent
from accounts.models import Area, User
from accounts.rules import Level, codes_below
from policy.api import StrictSerializer
from zones.actions import ensure_room, ensure_units, staircase
from zones.models import Building, Compound, PlaceQuerySet, Room, Site, Unit
from zones.rules import SITE_KINDS, tidy_name

LARGEST_KEY = 2**63 - 1


# ── fields that places and persons share ─────────────────────────────────────────────────────────


class TextField(serializers.CharField):
    """Text and nothing that merely looks like it: a number in JSON has lost its leading zeros."""

    default_error_messages = {"invalid": _("Must be text.")}

    def to_internal_value(self, data: Any) -> str:
        """The text, without blanks around it."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class PlaceNameField(TextField):
    """A place's name; its length counts as it is stored, for tidying can make it longer."""

    def to_internal_value(self, data: Any) -> str:
        """The tidied name."""
        return tidy_name(super().to_internal_value(data))


class NormalField(TextField):
    """Text whose compatibility characters are written out, so that its length is that of the column."""

    def to_internal_value(self, data: Any) -> str:
        """The text in the form NFKC."""
        return unicodedata.normalize("NFKC", super().to_internal_value(data))


class CommunityField(TextField):
    """The code of a community of the caller's area."""

    default_error_messages = {"unknown": _("Your area has no community with this code.")}

    def to_internal_value(self, data: Any) -> Area:  # type: ignore[override]
        """The community. The serializer's context names the `user`."""
        code = super().to_internal_value(data)
        user: User = self.context["user"]
        community = Area.objects.visible_to(user).communities().filter(code=code).first()
        if community is None:
            self.fail("unknown")
        return community


class KeyField(serializers.IntegerField):
    """The number of a record."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_KEY, **kwargs)


class KeysField(serializers.ListField):
    """Numbers of records, each once, in the order given; a mistake is told of the field as a whole."""

    child = KeyField()
    default_error_messages = {"no_keys": _("Send a list with the numbers of records.")}

    def to_internal_value(self, data: Any) -> list[int]:
        """The numbers."""
        try:
            return list(dict.fromkeys(super().to_internal_value(data)))
        except serializers.ValidationError:
            self.fail("no_keys")


def own_community(values: dict[str, Any], user: User) -> Area:
    """The community that was named, or the caller's own. Raises ValidationError where neither is one."""
    named: Area | None = values.get("community")
    if named is not None:
        return named
    if user.area is None or user.area.level != Level.COMMUNITY:
        raise serializers.ValidationError({"community": [_("Which community?")]})
    return user.area


@extend_schema_field(OpenApiTypes.INT64)
class KeyFilter(django_filters.Filter):
    """The number of a record."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=LARGEST_KEY, **kwargs)


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────


class CompoundShape(Described):
    """A residential compound or a village."""

    id = serializers.IntegerField()
    community = serializers.CharField(help_text="Administrative code.")
    name = serializers.CharField()
    address = serializers.CharField()


class BuildingShape(Described):
    """A building of a compound."""

    id = serializers.IntegerField()
    compound = serializers.IntegerField()
    name = serializers.CharField()


class UnitShape(Described):
    """A staircase of a building; the name is empty where the building has no separate units."""

    id = serializers.IntegerField()
    building = serializers.IntegerField()
    name = serializers.CharField()


class SiteShape(Described):
    """An isolation site, a hospital, a pharmacy, a school or a firm."""

    id = serializers.IntegerField()
    community = serializers.CharField(help_text="Administrative code.")
    kind = serializers.ChoiceField(list(SITE_KINDS.items()))
    name = serializers.CharField()
    address = serializers.CharField()
    phone = serializers.CharField()


class RoomShape(Described):
    """A room of a site: one person or one household at a time."""

    id = serializers.IntegerField()
    site = serializers.IntegerField()
    number = serializers.CharField()


class UnitWanted(StrictSerializer):
    """The names that lead to a unit."""

    community = CommunityField(required=False, help_text="Left out: the account's own community.")
    compound = PlaceNameField(max_length=80)
    building = PlaceNameField(max_length=40)
    unit = PlaceNameField(
        max_length=40, required=False, allow_blank=True, default="", help_text="Empty: no separate units."
    )


class RoomWanted(StrictSerializer):
    """The names that lead to a room."""

    community = CommunityField(required=False, help_text="Left out: the account's own community.")
    site = PlaceNameField(max_length=80)
    number = PlaceNameField(max_length=20)


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


class PlaceFilter(django_filters.FilterSet):
    """Places by the code of an area above them; each kind adds what it hangs on."""

    community = django_filters.CharFilter(method="by_area", label="Code of a community, or of an area above.")

    def by_area(self, rows: QuerySet[Model], name: str, value: str) -> QuerySet[Model]:
        """Places inside that area."""
        del name
        first, after = codes_below(value)
        path = rows.community_path  # type: ignore[attr-defined]
        return rows.filter(**{f"{path}__code__gte": first, f"{path}__code__lt": after})


class CompoundFilter(PlaceFilter):
    """Compounds by community."""

    class Meta:
        model = Compound
        fields: list[str] = []


class BuildingFilter(PlaceFilter):
    """Buildings by compound."""

    compound = KeyFilter()

    class Meta:
        model = Building
        fields: list[str] = []


class UnitFilter(PlaceFilter):
    """Units by building."""

    building = KeyFilter()

    class Meta:
        model = Unit
        fields: list[str] = []


class SiteFilter(PlaceFilter):
    """Sites by kind."""

    kind = django_filters.ChoiceFilter(choices=list(SITE_KINDS.items()))

    class Meta:
        model = Site
        fields: list[str] = []


class RoomFilter(PlaceFilter):
    """Rooms by site."""

    site = KeyFilter()

    class Meta:
        model = Room
        fields: list[str] = []


class PlaceList(ListView):
    """A list of places; `columns` are read and answered under the names given."""

    columns: dict[str, str]
    places: Any
    """The manager of the model."""

    def get_queryset(self) -> QuerySet[Any]:
        """The places inside the caller's area."""
        places: PlaceQuerySet = self.places.visible_to(self.staff)
        return places.values("id", *self.columns.values())

    def as_json(self, row: dict[str, Any]) -> dict[str, Any]:
        """One place."""
        return {"id": row["id"]} | {name: row[column] for name, column in self.columns.items()}


class CompoundList(PlaceList):
    """Compounds."""

    queryset = Compound.objects.all()
    places = Compound.objects
    filterset_class = CompoundFilter
    columns = {"community": "community__code", "name": "name", "address": "address"}

    @extend_schema(
        operation_id="compounds", tags=["places"], responses={200: CompoundShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List compounds."""
        return self.page()


class BuildingList(PlaceList):
    """Buildings."""

    queryset = Building.objects.all()
    places = Building.objects
    filterset_class = BuildingFilter
    columns = {"compound": "compound_id", "name": "name"}

    @extend_schema(
        operation_id="buildings", tags=["places"], responses={200: BuildingShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List buildings."""
        return self.page()


class UnitList(PlaceList):
    """Units; naming one makes it."""

    queryset = Unit.objects.all()
    places = Unit.objects
    filterset_class = UnitFilter
    columns = {"building": "building_id", "name": "name"}

    @extend_schema(
        operation_id="units", tags=["places"], responses={200: UnitShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List units."""
        return self.page()

    @extend_schema(
        operation_id="units_ensure",
        tags=["places"],
        request=UnitWanted,
        responses={200: UnitShape, 201: UnitShape, **CREATE_ERRORS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Find the unit of these names (200); compound, building and unit that are missing are made (201)."""
        names = self.checked(UnitWanted).validated_data
        stairs = staircase(
            community=own_community(names, self.staff),
            compound=names["compound"],
            building=names["building"],
            unit=names["unit"],
        )
        known = Unit.objects.filter(
            building__compound__community=stairs.community_id,
            building__compound__name=stairs.compound,
            building__name=stairs.building,
            name=stairs.unit,
        ).exists()
        with transaction.atomic():
            unit = ensure_units([stairs])[stairs]
        body = {"id": unit.pk, "building": unit.building_id, "name": unit.name}
        return Response(body, status=200 if known else 201)


class SiteList(PlaceList):
    """Sites."""

    queryset = Site.objects.all()
    places = Site.objects
    filterset_class = SiteFilter
    columns = {
        "community": "community__code",
        "kind": "kind",
        "name": "name",
        "address": "address",
        "phone": "phone",
    }

    @extend_schema(
        operation_id="sites", tags=["places"], responses={200: SiteShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List sites: isolation sites, hospitals, pharmacies, schools, firms."""
        return self.page()


class RoomList(PlaceList):
    """Rooms; naming one makes it."""

    queryset = Room.objects.all()
    places = Room.objects
    filterset_class = RoomFilter
    columns = {"site": "site_id", "number": "number"}

    @extend_schema(
        operation_id="rooms", tags=["places"], responses={200: RoomShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List rooms."""
        return self.page()

    @extend_schema(
        operation_id="rooms_ensure",
        tags=["places"],
        request=RoomWanted,
        responses={200: RoomShape, 201: RoomShape, **CREATE_ERRORS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Find the room of this site and number (200); what is missing is made (201), an isolation site."""
        names = self.checked(RoomWanted).validated_data
        community = own_community(names, self.staff)
        known = Room.objects.filter(
            site__community=community, site__name=names["site"], number=names["number"]
        ).exists()
        with transaction.atomic():
            room = ensure_room(community=community, site=names["site"], number=names["number"])
        body = {"id": room.pk, "site": room.site_id, "number": room.number}
        return Response(body, status=200 if known else 201)
