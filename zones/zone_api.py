"""Zones for anybody, without a key: where, since when, until when. Never a person, never who decided."""

from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import BasePagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MISTAKES, KeyPages, Problem
from accounts.models import Area, in_area
from policy import clock
from zones.api import KeyFilter
from zones.models import Zone
from zones.zone_shapes import ZoneLine, ZoneShape, with_sealed_units, zone_json, zone_line

_TOO_MANY = OpenApiResponse(Problem, description="Too many questions from this address: wait.")
_NO_ZONE = OpenApiResponse(Problem, description="There is no such zone.")


class ZoneFilter(django_filters.FilterSet):
    """Zones by what they are at this moment, and by place."""

    state = django_filters.ChoiceFilter(
        method="any_state",
        choices=[("open", "open"), ("past", "past"), ("all", "all")],
        label="open (also where it is left out): a unit of it is sealed; past: low risk again; all: both.",
    )
    county = django_filters.CharFilter(method="by_area", label="Code of a county.")
    community = django_filters.CharFilter(method="by_area", label="Code of a community, or of an area above.")
    compound = KeyFilter()

    class Meta:
        model = Zone
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """Those that are open at this moment, unless another state is asked for."""
        zones, at = super().filter_queryset(queryset), clock.now()
        match self.form.cleaned_data["state"]:
            case "past":
                return zones.past(at)
            case "all":
                return zones
        return zones.open(at)

    def any_state(self, zones: QuerySet[Zone], name: str, value: str) -> QuerySet[Zone]:
        """Narrowed down in `filter_queryset`, where a state that is left out is known too."""
        del name, value
        return zones

    def by_area(self, zones: QuerySet[Zone], name: str, value: str) -> QuerySet[Zone]:
        """Zones inside that area; none where there is no such code."""
        del name
        area = Area.objects.filter(code=value).first()
        return zones.filter(in_area(area)) if area else zones.none()


class PublicView(GenericAPIView[Zone]):
    """What anybody may read, without a key; so many questions a minute from one address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "public"
    metadata_class = None
    queryset = Zone.objects.all()


class ZoneList(PublicView):
    """Zones."""

    pagination_class = cast(type[BasePagination], KeyPages)
    filterset_class = ZoneFilter

    @extend_schema(
        operation_id="zones",
        tags=["zones"],
        auth=[],
        responses={200: ZoneLine(many=True), 400: MISTAKES, 429: _TOO_MANY},
    )
    def get(self, request: Request) -> Response:
        """List zones: those open at this moment, unless `state` says otherwise. Public."""
        zones = with_sealed_units(self.filter_queryset(self.get_queryset()), clock.now())
        return self.get_paginated_response([zone_line(zone) for zone in self.paginate_queryset(zones) or []])


class ZoneDetail(PublicView):
    """One zone."""

    @extend_schema(
        operation_id="zone",
        tags=["zones"],
        auth=[],
        responses={200: ZoneShape, 404: _NO_ZONE, 429: _TOO_MANY},
    )
    def get(self, request: Request, pk: int) -> Response:
        """A zone with its units and the clock of each; past ones too. Public."""
        try:
            return Response(zone_json(pk, clock.now()))
        except Zone.DoesNotExist:
            raise Http404 from None
