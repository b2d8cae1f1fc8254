"""What can be complained about: each behaviour in plain words, with the clause that forbids it.

The list is the seeds' own: the seven of N二(十六), the five bans for lorries of the press conference (P2),
the five of campuses of N二(十八), and what other clauses forbid one by one.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.rules import Department


class Topic(StrEnum):
    """The groups in which behaviours are offered, counted and limited."""

    DOOR = "door"
    RULES = "rules"
    CARE = "care"
    ROAD = "road"
    CAMPUS = "campus"
    WORK = "work"
    OTHER = "other"


TOPICS = {
    Topic.DOOR: pgettext_lazy("topic", "kept in or kept out"),
    Topic.RULES: pgettext_lazy("topic", "more than the rules allow"),
    Topic.CARE: pgettext_lazy("topic", "doctor and hospital"),
    Topic.ROAD: pgettext_lazy("topic", "lorries and roads"),
    Topic.CAMPUS: pgettext_lazy("topic", "schools and campuses"),
    Topic.WORK: pgettext_lazy("topic", "firms and work"),
    Topic.OTHER: pgettext_lazy("topic", "another form"),
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One forbidden behaviour. `urgent`: danger to life or goods that stand still; it goes on top.

    `asks` names what the form should ask for: "compound", "site", "road", "firm".
    """

    code: str
    topic: Topic
    label: Promise
    clause: str
    department: Department
    urgent: bool = False
    life: bool = False
    """Danger to life or refused care: the shortest limit."""
    asks: str = "compound"


_ARBITRARY = "二(十六)"
_LORRIES = "发布会·货车"
_CAMPUS = "二(十八)"

BEHAVIOURS: tuple[Behaviour, ...] = (
    # ── kept in or kept out ──
    Behaviour(
        "not_unsealed", Topic.DOOR, _("Not unsealed for a long time"), _ARBITRARY, Department.TASK_FORCE
    ),
    Behaviour(
        "sealed_arbitrarily", Topic.DOOR, _("Building or compound sealed at will"), _ARBITRARY,
        Department.TASK_FORCE,
    ),
    Behaviour(
        "silent_management", Topic.DOOR, _("“Silent” management of a whole area"), _ARBITRARY,
        Department.TASK_FORCE, asks="area",
    ),
    Behaviour(
        "zone_overdue", Topic.DOOR, _("High-risk zone not opened although its days are over"), "二(四)",
        Department.DISEASE_CONTROL,
    ),
    Behaviour(
        "zone_oversized", Topic.DOOR, _("High-risk zone larger than units and buildings"), "三(二)",
        Department.DISEASE_CONTROL,
    ),
    Behaviour(
        "return_refused", Topic.DOOR, _("Not allowed to come home or to leave"), "二(二十)",
        Department.TASK_FORCE,
    ),
    # ── more than the rules allow ──
    Behaviour(
        "secondary_contact", Topic.RULES, _("Isolated as a contact of a contact"), "二(二)",
        Department.DISEASE_CONTROL,
    ),
    Behaviour(
        "held_too_long", Topic.RULES, _("Isolated for longer than the rules say"), "二(一)",
        Department.DISEASE_CONTROL,
    ),
    Behaviour(
        "isolated_again", Topic.RULES, _("Isolated a second time after the first point of entry"), "二(十)",
        Department.DISEASE_CONTROL,
    ),
    Behaviour(
        "extra_tests", Topic.RULES, _("Two or three tests a day, or tests for everybody"), "二(六)",
        Department.DISEASE_CONTROL,
    ),
    # ── doctor and hospital ──
    Behaviour(
        "care_refused", Topic.CARE, _("A hospital refused or delayed care"), "二(十七)", Department.HEALTH,
        urgent=True, life=True, asks="site",
    ),
    Behaviour(
        "clinics_stopped", Topic.CARE, _("Hospital or clinic closed at will"), _ARBITRARY, Department.HEALTH,
        asks="site",
    ),
    # ── lorries and roads ──
    Behaviour(
        "road_blocked", Topic.ROAD, _("Road or traffic blocked without approval"), _ARBITRARY,
        Department.TRANSPORT, asks="road",
    ),
    Behaviour(
        "lorry_infrastructure", Topic.ROAD, _("Motorway exit, service area, port or depot closed"), _LORRIES,
        Department.TRANSPORT, urgent=True, asks="road",
    ),
    Behaviour(
        "lorry_origin", Topic.ROAD, _("Lorry turned back because of its plate, home or journey"), _LORRIES,
        Department.TRANSPORT, urgent=True, asks="road",
    ),
    Behaviour(
        "lorry_last_mile", Topic.ROAD, _("Deliveries inside sealed areas cut off"), _LORRIES,
        Department.TRANSPORT, urgent=True,
    ),
    Behaviour(
        "lorry_city_ban", Topic.ROAD, _("All lorries banned from a city"), _LORRIES, Department.TRANSPORT,
        urgent=True, asks="road",
    ),
    Behaviour(
        "lorry_test_wait", Topic.ROAD, _("Lorry made to wait for a test result"), _LORRIES,
        Department.TRANSPORT, urgent=True, asks="road",
    ),
    # ── schools and campuses ──
    Behaviour(
        "schools_closed", Topic.CAMPUS, _("School closed or lessons stopped at will"), _ARBITRARY,
        Department.EDUCATION, asks="site",
    ),
    Behaviour(
        "campus_sealed", Topic.CAMPUS, _("Campus sealed at will"), _CAMPUS, Department.EDUCATION, asks="site"
    ),
    Behaviour(
        "campus_too_long", Topic.CAMPUS, _("Campus sealed for too long"), _CAMPUS, Department.EDUCATION,
        asks="site",
    ),
    Behaviour(
        "no_classroom_teaching", Topic.CAMPUS, _("No classroom teaching for a long time"), _CAMPUS,
        Department.EDUCATION, asks="site",
    ),
    Behaviour(
        "campus_supplies", Topic.CAMPUS, _("Food and daily needs missing on campus"), _CAMPUS,
        Department.EDUCATION, asks="site",
    ),
    Behaviour(
        "campus_unequal", Topic.CAMPUS, _("Students, staff and their families treated differently"), _CAMPUS,
        Department.EDUCATION, asks="site",
    ),
    # ── firms and work ──
    Behaviour(
        "listed_firm_stopped", Topic.WORK, _("Firm on the white list told to stop"), "二(十九)",
        Department.INDUSTRY, urgent=True, asks="firm",
    ),
    Behaviour(
        "work_stopped", Topic.WORK, _("Work or production stopped at will"), _ARBITRARY, Department.INDUSTRY,
        asks="firm",
    ),
    # ── another form ──
    Behaviour(
        "other", Topic.OTHER, _("Another form of going beyond the rules"), _ARBITRARY, Department.TASK_FORCE
    ),
)  # fmt: skip

BY_CODE = {behaviour.code: behaviour for behaviour in BEHAVIOURS}
BEHAVIOUR_CHOICES = [(behaviour.code, behaviour.label) for behaviour in BEHAVIOURS]
SEVEN = (
    "schools_closed",
    "work_stopped",
    "road_blocked",
    "silent_management",
    "sealed_arbitrarily",
    "not_unsealed",
    "clinics_stopped",
)
"""The behaviours that N二(十六) itself names."""


def by_topic() -> list[tuple[Topic, list[Behaviour]]]:
    """The behaviours in the groups in which a person looks for them."""
    return [(topic, [each for each in BEHAVIOURS if each.topic is topic]) for topic in Topic]
