"""The behaviours as services of Open311, what each asks for, and where the endpoint is found."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from complaints.rules.behaviours import BEHAVIOURS, BY_CODE, TOPICS, Behaviour
from complaints.rules.words import ORDERED, WHOM

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2022-11-11 00:00"
"""When the list of services changed last: the behaviours are those of the Twenty Measures."""

SINCE, WHOM_CODE, ORDERED_CODE, ORDERED_BY, AREA = "since", "whom", "ordered", "ordered_by", "area"
ATTRIBUTES = (SINCE, WHOM_CODE, ORDERED_CODE, ORDERED_BY, AREA)


def services() -> list[dict[str, Any]]:
    """The list of services, in the language of the request."""
    return [_service(kind) for kind in BEHAVIOURS]


def _service(kind: Behaviour) -> dict[str, Any]:
    return {
        "service_code": kind.code,
        "service_name": str(kind.label),
        "description": _("Forbidden by %(clause)s.") % {"clause": kind.clause},
        "metadata": True,
        "type": "realtime",
        "keywords": f"{TOPICS[kind.topic]}, {kind.clause}",
        "group": str(TOPICS[kind.topic]),
    }


def definition(code: str) -> dict[str, Any] | None:
    """What a service asks for beyond the place and the text; None: there is no such service."""
    if code not in BY_CODE:
        return None
    asked = [
        _attribute(SINCE, "datetime", _("Since when?"), _("A date, such as 2022-11-14.")),
        _attribute(WHOM_CODE, "singlevaluelist", _("Who does it?"), values=WHOM),
        _attribute(ORDERED_CODE, "singlevaluelist", _("How was it ordered?"), values=ORDERED),
        _attribute(ORDERED_BY, "string", _("Who ordered it?")),
        _attribute(
            AREA, "string", _("In which area?"), _("Administrative code; the narrower it is, the better.")
        ),
    ]
    for order, attribute in enumerate(asked, start=1):
        attribute["order"] = order
    return {"service_code": code, "attributes": asked}


def _attribute(
    code: str, datatype: str, description: str, hint: str = "", values: dict[Any, Any] | None = None
) -> dict[str, Any]:
    attribute: dict[str, Any] = {
        "variable": True,
        "code": code,
        "datatype": datatype,
        "required": False,
        "datatype_description": hint or None,
        "order": 0,
        "description": description,
    }
    if values:
        attribute["values"] = [{"key": str(key), "name": str(name)} for key, name in values.items()]
    return attribute


def discovery(endpoint: str) -> dict[str, Any]:
    """Where the endpoint is, what it speaks, and how one gets a key."""
    return {
        "changeset": CHANGESET,
        "contact": _("The task force against layering of your county."),
        "key_service": _("A supervisor of your area makes an account and its key in the admin site."),
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": endpoint,
                "changeset": CHANGESET,
                "type": "production" if settings.PRODUCTION else "test",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
