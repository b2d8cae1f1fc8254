"""The addresses of infections: the record, its stays, its contacts. Outside the caller's area: a 404."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ACT_ERRORS, CREATE_ERRORS, LIST_ERRORS, RETRIEVE_ERRORS, ListView, SystemView
from accounts.idempotency import idempotent
from accounts.models import Area
from accounts.rules import codes_below
from cases.actions.infections import add_stay, remove_stay, report_infection, update_infection
from cases.actions.judging import WRITTEN
from cases.actions.tracing import judge_contacts, trace
from cases.api import infection_shapes as shapes
from cases.api.infection_inputs import ContactsInput, InfectionChanges, InfectionInput, StayInput, facts_of
from cases.api.infection_writing import (
    contact_json,
    infection_json,
    infection_line,
    names_in_sight,
    stay_json,
    stays_of,
    traced_json,
)
from cases.api.inputs import NothingInput
from cases.models import Contact, Infection, InfectionStay
from policy import clock
from policy.api import ShortJSONParser
from policy.refusals import BadInput
from zones.api import KeyFilter
from zones.models import Site, Unit
from zones.rules import FOUND_WHERE

ISO = "%Y-%m-%d"


class InfectionFilter(django_filters.FilterSet):
    """Infections by the date on which they were found, where, and whether they stand."""

    since = django_filters.DateFilter("found_on", "gte", input_formats=[ISO], label="Found on or after.")
    until = django_filters.DateFilter("found_on", "lte", input_formats=[ISO], label="Found on or before.")
    found_where = django_filters.ChoiceFilter(choices=list(FOUND_WHERE.items()))
    community = django_filters.CharFilter(method="by_area", label="Code of a community, or of an area above.")
    person = KeyFilter()
    label = django_filters.CharFilter(label="As the county's line list names it, whole.")
    retracted = django_filters.BooleanFilter(
        "retracted_at", "isnull", exclude=True, label="true: only mistaken positives; false: none of them."
    )

    class Meta:
        model = Infection
        fields: list[str] = []

    def by_area(self, rows: QuerySet[Infection], name: str, value: str) -> QuerySet[Infection]:
        """Infections that stand in that area."""
        del name
        first, after = codes_below(value)
        below = Area.objects.filter(code__gte=first, code__lt=after)
        return rows.filter(community__in=below.values("pk"))


class InfectionList(ListView):
    """Infections; a POST reports one from outside."""

    queryset = Infection.objects.all()
    filterset_class = InfectionFilter

    def get_queryset(self) -> QuerySet[Infection]:
        """Infections of the caller's area, mistaken ones included."""
        return Infection.objects.visible_to(self.staff).select_related("community")

    def page(self) -> Response:
        """The page that the address asks for: its rows, and one query for the names in sight."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        names = names_in_sight([row.person_id for row in rows], self.staff)
        return self.get_paginated_response([infection_line(row, names) for row in rows])

    @extend_schema(
        operation_id="infections",
        tags=["infections"],
        responses={200: shapes.InfectionLine(many=True), **LIST_ERRORS},
    )
    def get(self, request: Request) -> Response:
        """List infections."""
        return self.page()

    @extend_schema(
        operation_id="infection_report",
        tags=["infections"],
        request=InfectionInput,
        responses={201: shapes.InfectionChanged, **CREATE_ERRORS},
        examples=[
            OpenApiExample(
                "Reported by the county",
                value={
                    "label": "病例7",
                    "community": "110105001001",
                    "found_on": "2022-11-14",
                    "found_where": "community",
                    "manifestation": "confirmed",
                    "ct": 27.5,
                    "resulted_at": "2022-11-14T09:30:00+08:00",
                },
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Record an infection that was reported from outside. A label that is taken is refused."""
        asked, at = self.checked(InfectionInput), clock.now()
        made = report_infection(community=asked.community_named, facts=asked.facts(), by=self.staff, at=at)
        body = {"changed": True, "infection": infection_json(made.pk, to=self.staff, at=at)}
        return Response(body, status=status.HTTP_201_CREATED)


class InfectionView(SystemView):
    """Base of what is about one infection."""

    queryset = Infection.objects.all()

    def infection(self, pk: int) -> Infection:
        """The infection. Raises Http404 outside the caller's area."""
        visible = Infection.objects.visible_to(self.staff)
        return get_object_or_404(visible.select_related("community", "county", "person", "assessment"), pk=pk)


class InfectionDetail(InfectionView):
    """One infection."""

    @extend_schema(
        operation_id="infection",
        tags=["infections"],
        responses={200: shapes.InfectionShape, **RETRIEVE_ERRORS},
    )
    def get(self, request: Request, pk: int) -> Response:
        """An infection with the instants of the four earlies, its stays, and what hangs on it."""
        return Response(infection_json(self.infection(pk).pk, to=self.staff, at=clock.now()))

    @extend_schema(
        operation_id="infection_change",
        tags=["infections"],
        request=InfectionChanges,
        responses={200: shapes.InfectionChanged, **ACT_ERRORS},
    )
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is known of it; what is left out stays as it is."""
        asked, at = self.checked(InfectionChanges), clock.now()
        found = self.infection(pk)
        before = facts_of(found)
        wanted = asked.changed(before)
        if wanted != before:
            update_infection(infection=found, facts=wanted, by=self.staff, at=at)
        body = {"changed": wanted != before, "infection": infection_json(pk, to=self.staff, at=at)}
        return Response(body)


class InfectionJudged(InfectionView):
    """The end of tracing."""

    @extend_schema(
        operation_id="infection_judged",
        tags=["infections"],
        request=None,
        responses={200: shapes.InfectionChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Record that all contacts of the infection are judged: the time since the result is measured."""
        self.checked(NothingInput)
        at = clock.now()
        done = judge_contacts(infection=self.infection(pk), by=self.staff, at=at)
        return Response({"changed": done, "infection": infection_json(pk, to=self.staff, at=at)})


# ── stays ────────────────────────────────────────────────────────────────────────────────────────


class InfectionStays(InfectionView):
    """Places where the infected person stayed."""

    @extend_schema(
        operation_id="infection_stays",
        tags=["infections"],
        responses={200: shapes.StayShape(many=True), **RETRIEVE_ERRORS},
        filters=False,
    )
    def get(self, request: Request, pk: int) -> Response:
        """The places where the infected person stayed: all of them."""
        return Response([stay_json(stay) for stay in stays_of(self.infection(pk))])

    @extend_schema(
        operation_id="infection_stay_add",
        tags=["infections"],
        request=StayInput,
        responses={201: shapes.StayAdded, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Add a unit or site where the infected person stayed: home, workplace, place of activity."""
        found = self.infection(pk)
        said, at = dict(self.checked(StayInput).validated_data), clock.now()
        unit = self._place(Unit.objects.all(), "unit", said.pop("unit", None), found)
        site = self._place(Site.objects.all(), "site", said.pop("site", None), found)
        stay = add_stay(infection=found, unit=unit, site=site, by=self.staff, at=at, **said)
        body = {
            "changed": True,
            "stay": stay_json(stay),
            "infection": infection_json(pk, to=self.staff, at=at),
        }
        return Response(body, status=status.HTTP_201_CREATED)

    def _place(self, places: Any, field: str, key: int | None, infection: Infection) -> Any:
        """A place of the caller's area, or of the county of the infection. Raises BadInput elsewhere."""
        if key is None:
            return None
        named = places.filter(pk=key)
        found = named.visible_to(self.staff).first()
        if found is None and infection.county is not None:
            found = named.within(infection.county).first()
        if found is None:
            raise BadInput(field, _("There is no such place in your area or county."))
        return found


class StayRemove(InfectionView):
    """Taking a place back."""

    queryset = InfectionStay.objects.all()  # type: ignore[assignment]

    @extend_schema(
        operation_id="infection_stay_remove",
        tags=["infections"],
        request=None,
        responses={200: shapes.InfectionChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Take back a place that was entered by mistake. What is sealed because of it stays sealed."""
        self.checked(NothingInput)
        visible = Infection.objects.visible_to(self.staff)
        stay = get_object_or_404(InfectionStay.objects.filter(infection__in=visible.values("pk")), pk=pk)
        infection, at = stay.infection_id, clock.now()
        done = remove_stay(stay=stay, by=self.staff, at=at)
        return Response({"changed": done, "infection": infection_json(infection, to=self.staff, at=at)})


# ── contacts ─────────────────────────────────────────────────────────────────────────────────────


class LongJSONParser(ShortJSONParser):
    """JSON of the length of a list of contacts."""

    most_bytes = 256 * 1024


class InfectionContacts(ListView, InfectionView):
    """The contacts of one infection."""

    queryset = Infection.objects.all()
    filter_backends = ()
    parser_classes = (LongJSONParser,)

    def get_queryset(self) -> Any:
        """The contacts, with the ground that follows from each."""
        found = self.infection(self.kwargs["pk"])
        return Contact.objects.filter(infection=found).select_related("ground")

    def page(self) -> Response:
        """The page that the address asks for: its rows, and one query for the names in sight."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        names = names_in_sight([row.person_id for row in rows], self.staff)
        return self.get_paginated_response([contact_json(row, names) for row in rows])

    @extend_schema(
        operation_id="infection_contacts",
        tags=["infections"],
        responses={200: shapes.ContactShape(many=True), **RETRIEVE_ERRORS},
    )
    def get(self, request: Request, pk: int) -> Response:
        """List the contacts of an infection."""
        return self.page()

    @extend_schema(
        operation_id="infection_contacts_add",
        tags=["infections"],
        request=ContactsInput,
        responses={200: shapes.ContactsTraced, **ACT_ERRORS},
        examples=[
            OpenApiExample(
                "The same household, and a colleague",
                value={
                    "contacts": [
                        {"person": 17, "last_exposure_on": "2022-11-14", "kind": "household"},
                        {
                            "name": "何玉珍",
                            "phone": "13800005678",
                            "last_exposure_on": "2022-11-13",
                            "kind": "work",
                        },
                    ]
                },
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Judge contacts, at most 200 a call; each entry is answered by itself, in the order of the call.

        Malformed input (400) writes nothing. Only an infected person has contacts: a contact's contact is
        refused (二(二)). A later exposure moves the end of a running episode, an earlier one changes nothing.
        """
        found = self.infection(pk)
        asked, at = self.checked(ContactsInput), clock.now()
        traced = trace(infection=found, entries=asked.entries(), by=self.staff, at=at)
        results = traced_json(traced, to=self.staff, today=self.today)
        return Response({"changed": any(each["verdict"] in WRITTEN for each in results), "results": results})
