"""Why a complaint goes where it goes, in sentences: the reasons of routing with the names of offices."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import Office
from accounts.rules import DEPARTMENTS, Department
from complaints.models import RoutingRule
from complaints.rules.routing import BECAUSE, Because


def because(steps: Iterable[Mapping[str, Any]]) -> list[str]:
    """One sentence for each reason, in its order; `steps` as a complaint keeps them (`steps_as_json`).

    Rules are named by their position, offices by their name; at most two queries.
    """
    told = list(steps)
    keys = {step["rule"] for step in told if step["rule"]}
    positions = dict(RoutingRule.objects.filter(pk__in=keys).values_list("pk", "position")) if keys else {}
    offices = {step["office"] for step in told if step["office"]}
    names = dict(Office.objects.filter(pk__in=offices).values_list("pk", "name")) if offices else {}
    return [_sentence(step, positions, names) for step in told]


def _sentence(step: Mapping[str, Any], positions: Mapping[int, int], names: Mapping[int, str]) -> str:
    department = step["department"]
    return str(BECAUSE[Because(step["because"])]) % {
        "rule": positions.get(step["rule"], step["rule"]),
        "department": str(DEPARTMENTS[Department(department)]) if department else "",
        "office": names.get(step["office"], ""),
    }
