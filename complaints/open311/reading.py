"""Service requests as anybody may read them: the service, open or closed, the dates, the county. No more.

Times are given to the day: by the minute, whoever stood before the barrier could tell who complained. Places
are given to the county, as in the public figures, which show no small number below it.
"""

import datetime as dt
import re
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from accounts.models import Area
from accounts.rules import CODE_LENGTH, Level, codes_below
from complaints.models import Complaint
from complaints.open311.writing import Open311Error
from complaints.rules.behaviours import BY_CODE
from complaints.rules.handling import OPEN, STATES, State
from policy.clock import midnight

MOST_REQUESTS = 1000
LONGEST_SPAN = dt.timedelta(days=90)
_NUMBER = re.compile(r"[0-9]{6}-[0-9]{8}")
_COLUMNS = (
    "number",
    "state",
    "behaviour",
    "received_at",
    "accepted_at",
    "answered_at",
    "closed_at",
    "area__name",
    "county__name",
)


def requests(asked: QueryDict, at: dt.datetime) -> list[dict[str, Any]]:
    """The requests that the filters ask for, the latest first, at most a thousand; one query.

    Raises Open311Error for a filter that can't be understood.
    """
    rows = Complaint.objects.all()
    area = jurisdiction(asked)
    if area:
        first, after = codes_below(area.code)
        rows = rows.filter(area__code__gte=first, area__code__lt=after)
    if numbers := _words(asked, "service_request_id"):
        rows = rows.filter(number__in=[each for each in numbers if _NUMBER.fullmatch(each)][:MOST_REQUESTS])
    else:
        start, end = _span(asked, at)
        rows = rows.filter(received_at__gte=start, received_at__lte=end)
        rows = _of_status(_of_service(rows, asked), asked)
    found = rows.order_by("-received_at", "-pk").values(*_COLUMNS)[:MOST_REQUESTS]
    return [_as_json(row) for row in found]


def request(number: str) -> dict[str, Any] | None:
    """One request; None: there is none of that number."""
    if not _NUMBER.fullmatch(number):
        return None
    row = Complaint.objects.filter(number=number).values(*_COLUMNS).first()
    return _as_json(row) if row else None


def jurisdiction(asked: QueryDict) -> Area | None:
    """The area of `jurisdiction_id`; None: all of them.

    Raises Open311Error 404 for an unknown one, and for one below the county: places are told to the county.
    """
    code = asked.get("jurisdiction_id", "").strip()
    if not code:
        return None
    is_code = code.isascii() and code.isdigit() and len(code) <= CODE_LENGTH[Level.COUNTY]
    area = Area.objects.filter(code=code).first() if is_code else None
    if area is None:
        raise Open311Error(404, _("jurisdiction_id was not found: it is the code of a county or above."))
    return area


def _words(asked: QueryDict, name: str) -> list[str]:
    """The words of a filter: separated by commas, or the filter several times."""
    return [word.strip() for each in asked.getlist(name) for word in each.split(",") if word.strip()]


def _of_service(rows: Any, asked: QueryDict) -> Any:
    codes = _words(asked, "service_code")
    if not codes:
        return rows
    if not set(codes) <= BY_CODE.keys():
        raise Open311Error(404, _("service_code was not found."))
    return rows.filter(behaviour__in=codes)


def _of_status(rows: Any, asked: QueryDict) -> Any:
    wanted = set(_words(asked, "status"))
    if not wanted <= {"open", "closed"}:
        raise Open311Error(400, _("status is open or closed."))
    if wanted == {"open"}:
        return rows.filter(state__in=OPEN)
    return rows.exclude(state__in=OPEN) if wanted == {"closed"} else rows


def _span(asked: QueryDict, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """From when to when, at most ninety days; what is left out follows from the other end, or from now."""
    start, end = _instant(asked, "start_date"), _instant(asked, "end_date")
    if start and end and not dt.timedelta() <= end - start <= LONGEST_SPAN:
        raise Open311Error(400, _("From start_date to end_date it is at most 90 days."))
    if start:
        return start, end or start + LONGEST_SPAN
    end = end or at
    return end - LONGEST_SPAN, end


def _instant(asked: QueryDict, name: str) -> dt.datetime | None:
    """An instant in the W3 form, or a date; a plus sign that became a blank on its way is understood."""
    said = asked.get(name, "").strip().replace(" ", "+")
    if not said:
        return None
    try:
        found = parse_datetime(said)
        if found is None and (day := parse_date(said)):
            found = midnight(day)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2100:
        raise Open311Error(400, _("%(field)s is no time such as 2022-11-14T00:00:00Z.") % {"field": name})
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    kind = BY_CODE[row["behaviour"]]
    instants = (row["received_at"], row["accepted_at"], row["answered_at"], row["closed_at"])
    updated = row["closed_at"] or max(each for each in instants if each)
    return {
        "service_request_id": row["number"],
        "status": "open" if row["state"] in OPEN else "closed",
        "status_notes": str(STATES[State(row["state"])]),
        "service_name": str(kind.label),
        "service_code": kind.code,
        "description": None,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": _day(row["received_at"]),
        "updated_datetime": _day(updated),
        "expected_datetime": None,
        "address": row["county__name"] or row["area__name"],
        "address_id": None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _day(at: dt.datetime) -> str:
    """00:00 of the civil day of an instant."""
    return midnight(timezone.localdate(at)).isoformat()
