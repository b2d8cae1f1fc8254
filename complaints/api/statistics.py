"""The public figures of complaints for other systems."""

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MISTAKES, Described, Problem
from complaints.figures.reading import ComplaintFigures, NoSuchCounty, public_figures
from complaints.rules.figures import ROAD_SHARES, TROUBLE_SHARES, Counts, Share, Times
from complaints.views.figures import LENGTHS, USUAL, period_of
from policy import clock
from policy.api import StrictSerializer, WordField
from zones.views.keeping import kept


class CountsShape(Described):
    """So many complaints; what is not said otherwise leaves withdrawn ones out."""

    received = serializers.IntegerField(help_text="`open` + `closed` + `declined`.")
    referred = serializers.IntegerField()
    answered = serializers.IntegerField(help_text="Answered at least once.")
    closed = serializers.IntegerField()
    solved = serializers.IntegerField(help_text="Closed, and put right wholly or in part.")
    partly = serializers.IntegerField()
    judged = serializers.IntegerField(help_text="The complainant's last word about the answer is known.")
    satisfied = serializers.IntegerField()
    open = serializers.IntegerField()
    declined = serializers.IntegerField()
    reopened = serializers.IntegerField()
    late = serializers.IntegerField(help_text="Past the first limit of a step; later does not mend it.")
    grossly_late = serializers.IntegerField()
    named = serializers.IntegerField(help_text="Names the office complained about.")
    rebound = serializers.IntegerField(help_text="Of `named`: the same again soon after closing.")
    withdrawn = serializers.IntegerField()


class ShareShape(Described):
    """A share, with both its numbers by their names."""

    part = serializers.CharField()
    whole = serializers.CharField()
    of_part = serializers.IntegerField()
    of_whole = serializers.IntegerField()
    percent = serializers.FloatField(allow_null=True, help_text="null: the whole is zero.")


class TimesShape(Described):
    """From receipt to the first answer, in hours."""

    number = serializers.IntegerField(help_text="Of so many answers.")
    median_hours = serializers.FloatField()
    ninetieth_hours = serializers.FloatField(help_text="Nine of ten were answered within it.")


class BehaviourCounts(Described):
    """The counts of one behaviour."""

    behaviour = serializers.CharField()
    counts = CountsShape()


class StatisticsShape(Described):
    """What people complained about in a period, and what became of it."""

    first = serializers.DateField()
    last = serializers.DateField()
    county = serializers.CharField(allow_null=True, help_text="Code; null: everywhere.")
    total = CountsShape()
    leads = CountsShape(help_text="What the app itself found against us; not in `total`.")
    shares = ShareShape(many=True)
    answered_within = TimesShape(allow_null=True)
    by_behaviour = BehaviourCounts(many=True)


def statistics_json(found: ComplaintFigures) -> dict[str, Any]:
    """The public figures, each share with its whole."""
    by_behaviour = found.by(lambda line: line.behaviour)
    return {
        "first": found.period.first,
        "last": found.period.last,
        "county": found.county.code if found.county else None,
        "total": asdict(found.total),
        "leads": asdict(found.leads),
        "shares": [_share_json(share, found.total) for share in (*ROAD_SHARES, *TROUBLE_SHARES)],
        "answered_within": _times_json(found.time),
        "by_behaviour": [
            {"behaviour": code, "counts": asdict(counts)} for code, counts in sorted(by_behaviour.items())
        ],
    }


def _share_json(share: Share, total: Counts) -> dict[str, Any]:
    part, whole = share.numbers(total)
    percent = round(100 * part / whole, 1) if whole else None
    return {
        "part": share.part,
        "whole": share.whole,
        "of_part": part,
        "of_whole": whole,
        "percent": percent,
    }


def _times_json(times: Times | None) -> dict[str, Any] | None:
    if times is None:
        return None
    hour = dt.timedelta(hours=1)
    return {
        "number": times.number,
        "median_hours": round(times.median / hour, 1),
        "ninetieth_hours": round(times.ninetieth / hour, 1),
    }


class StatisticsQuestion(StrictSerializer):
    """Of how many days, and where."""

    days = WordField([(str(length), length) for length in LENGTHS], required=False, default=str(USUAL))
    county = serializers.RegexField(r"^[0-9]{6}$", required=False, default="")


class Statistics(GenericAPIView[Any]):
    """The figures."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "public"
    metadata_class = None
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        operation_id="complaint_statistics",
        tags=["complaints"],
        auth=[],
        parameters=[
            OpenApiParameter(
                "days",
                {"type": "integer", "enum": list(LENGTHS), "default": USUAL},
                description="The last so many days, today included.",
            ),
            OpenApiParameter(
                "county", OpenApiTypes.STR, description="Code of a county. Left out: everywhere."
            ),
        ],
        responses={
            200: StatisticsShape,
            400: MISTAKES,
            429: OpenApiResponse(Problem, description="Too many questions from this address: wait."),
        },
    )
    def get(self, request: Request) -> Response:
        """What people complained about, and what became of it; each share with its whole. Public."""
        asked = StatisticsQuestion(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        days, county, at = int(asked.validated_data["days"]), asked.validated_data["county"], clock.now()

        def count() -> dict[str, Any]:
            return statistics_json(public_figures(period_of(days, clock.today()), at, county))

        try:
            return Response(kept("complaint-statistics", at, count, about=f"{county}:{days}", language=False))
        except NoSuchCounty:
            raise serializers.ValidationError({"county": [_("There is no county with this code.")]}) from None
