"""Needs through the API: a hotline's platform or a grid app sends them and reads how far they are."""

import secrets
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ACT_ERRORS, LIST_ERRORS, RETRIEVE_ERRORS, ListView, SystemView, refusal
from accounts.idempotency import idempotent
from accounts.models import User, in_area
from accounts.rules import Ability, codes_below
from policy import clock
from policy.api import ShortJSONParser
from policy.refusals import RuleViolation
from supplies.actions.asking import ask_for
from supplies.actions.closing import end_by_word
from supplies.actions.serving import move
from supplies.api.inputs import NeedInput, WordInput, ask_of
from supplies.api.shapes import (
    NeedKnownAlready,
    NeedLineShape,
    NeedShape,
    NeedWritten,
    line_json,
    need_json,
    with_steps,
    written,
)
from supplies.models import Need
from supplies.rules.needs import LIVE, NEED_KINDS, NEED_STATES, URGENCIES, Asker, NeedState, NeedVerb

TAGS = ["needs"]
STATE_CHOICES = [("live", "live"), *NEED_STATES.items()]
WRITE_ERRORS = {**LIST_ERRORS, 409: OpenApiResponse(NeedKnownAlready, description="A rule says no.")}


class LongJSONParser(ShortJSONParser):
    """JSON with a list of things and the words of whoever needs them, also escaped."""

    most_bytes = 32 * 1024


def seen_by(user: User) -> QuerySet[Need]:
    """What is wanted in the account's area, and what the account itself has sent."""
    mine = Q(asked_by=user)
    return Need.objects.filter(in_area(user.area) | mine if user.area else mine)


class NeedApiFilter(django_filters.FilterSet):
    """Needs by how far they have come, what they are, where and since when."""

    state = django_filters.ChoiceFilter(
        method="by_state", choices=STATE_CHOICES, label="A state, or live: somebody answers for it."
    )
    kind = django_filters.ChoiceFilter(choices=list(NEED_KINDS.items()))
    urgency = django_filters.ChoiceFilter(choices=list(URGENCIES.items()))
    area = django_filters.CharFilter(method="by_area", label="Code of an area: it and all below it.")
    since = django_filters.DateFilter(method="by_since", label="Asked for on that date or later.")
    until = django_filters.DateFilter(method="by_until", label="Asked for on that date or earlier.")
    late = django_filters.BooleanFilter(method="by_late", label="Past its limit at this moment, or not.")
    external_id = django_filters.CharFilter(max_length=80, label="The number at the sender.")
    sent = django_filters.BooleanFilter(
        method="by_sender", label="true: what the account itself has sent; false: what it has not."
    )

    class Meta:
        model = Need
        fields: list[str] = []

    def by_state(self, rows: Any, name: str, value: str) -> QuerySet[Need]:
        """Live ones, or those in one state."""
        del name
        return rows.filter(state__in=LIVE) if value == "live" else rows.filter(state=NeedState(value))

    def by_area(self, rows: Any, name: str, value: str) -> QuerySet[Need]:
        """Inside that area."""
        del name
        first, after = codes_below(value)
        return rows.filter(community__code__gte=first, community__code__lt=after)

    def by_since(self, rows: Any, name: str, value: Any) -> QuerySet[Need]:
        """From 00:00 of that date."""
        del name
        return rows.filter(asked_at__gte=clock.midnight(value))

    def by_until(self, rows: Any, name: str, value: Any) -> QuerySet[Need]:
        """The whole of that date too."""
        del name
        return rows.filter(asked_at__date__lte=value)

    def by_late(self, rows: Any, name: str, value: bool) -> QuerySet[Need]:
        """Late at this moment, by the clock."""
        del name
        late = Need.objects.late(clock.now()).order_by().values("pk")
        return rows.filter(pk__in=late) if value else rows.exclude(pk__in=late)

    def by_sender(self, rows: Any, name: str, value: bool) -> QuerySet[Need]:
        """Sent by the account, or by somebody else."""
        del name
        mine = Q(asked_by=self.request.user)
        return rows.filter(mine) if value else rows.exclude(mine)


class NeedList(ListView):
    """Needs; a new one."""

    queryset = Need.objects.all()
    filterset_class = NeedApiFilter
    parser_classes = (LongJSONParser,)
    to_read = Ability.TAKE_CALLS
    to_write = Ability.TAKE_CALLS

    def get_queryset(self) -> QuerySet[Need]:
        """Those of the caller's area, and those that it has sent."""
        return written(seen_by(self.staff)).order_by()

    def as_json(self, row: Need) -> dict[str, Any]:
        """One line."""
        return line_json(row, clock.now())

    @extend_schema(operation_id="needs", tags=TAGS, responses={200: NeedLineShape(many=True), **LIST_ERRORS})
    def get(self, request: Request) -> Response:
        """List what is wanted in the account's area, and what it has sent itself."""
        return self.page()

    @extend_schema(
        operation_id="need_ask", tags=TAGS, request=NeedInput, responses={201: NeedWritten, **WRITE_ERRORS}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for something for a person or a door. An emergency is told to the offices at once."""
        at = clock.now()
        asked = ask_of(self.checked(NeedInput).validated_data)
        try:
            need = ask_for(asked, token=f"api:{secrets.token_urlsafe(24)}", at=at, by=self.staff)
        except RuleViolation as violation:
            return self._known(violation, asked.external_id)
        found = with_steps(Need.objects.filter(pk=need.pk)).get()
        return Response({"need": need_json(found, at)}, status=201)

    def _known(self, violation: RuleViolation, external_id: str) -> Response:
        """The refusal, with the number of the need that this account sent before."""
        response = refusal(violation)
        earlier = Need.objects.filter(asked_by=self.staff, external_id=external_id).first()
        if violation.code == "known_already" and earlier:
            response.data["number"] = earlier.number
        return response


class NeedDetail(SystemView):
    """One need."""

    queryset = Need.objects.all()
    to_read = Ability.TAKE_CALLS

    @extend_schema(operation_id="need", tags=TAGS, responses={200: NeedShape, **RETRIEVE_ERRORS})
    def get(self, request: Request, number: str) -> Response:
        """A need with what it is about, its limit and what has happened. No name, no telephone."""
        found = get_object_or_404(with_steps(seen_by(self.staff)), number=number)
        return Response(need_json(found, clock.now()))


class NeedWord(SystemView):
    """Passing on what the person said."""

    queryset = Need.objects.all()
    to_write = Ability.TAKE_CALLS

    @extend_schema(
        operation_id="need_word", tags=TAGS, request=WordInput, responses={200: NeedWritten, **ACT_ERRORS}
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Pass on that it has arrived, that it is not all right, or that it is not needed any more.

        An account that only takes calls speaks for what it has sent itself.
        """
        said = self.checked(WordInput).validated_data
        needs = seen_by(self.staff).select_related("community", "person", "unit", "medical")
        need = get_object_or_404(needs, number=number)
        if need.asked_by_id != self.staff.pk and not self.staff.may(Ability.WORK_SUPPLIES):
            raise PermissionDenied(gettext_lazy("The roles of this account do not allow this."), code="role")
        at, verb = clock.now(), NeedVerb(said["word"])
        if verb is NeedVerb.CANCEL:
            end_by_word(need=need, reason=said["reason"], at=at, by=self.staff)
        else:
            move(need=need, verb=verb, asker=Asker.STAFF, by=self.staff, reason=said["reason"], at=at)
        return Response({"need": need_json(with_steps(Need.objects.filter(pk=need.pk)).get(), at)})
