"""Who may do what: roles and the abilities they carry. Where is a matter of the area, not of the role."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Ability(StrEnum):
    """One thing that staff can be allowed to do, within the subtree of their area."""

    SEE_CASES = "see_cases"
    WORK_CASES = "work_cases"
    REVEAL_NUMBERS = "reveal_numbers"
    EXPORT = "export"
    SUPERVISE = "supervise"
    SEE_FIGURES = "see_figures"
    FILE_COMPLAINTS = "file_complaints"
    HANDLE_COMPLAINTS = "handle_complaints"
    ANSWER_ORDERS = "answer_orders"
    REVEAL_COMPLAINANTS = "reveal_complainants"
    TAKE_CALLS = "take_calls"
    WORK_SUPPLIES = "work_supplies"
    KEEP_STOCK = "keep_stock"
    COUNSEL = "counsel"


class Level(StrEnum):
    """Levels of the tree of areas, from the top."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"


# GB/T 2260 and GB/T 10114: the code of an area begins with the code of the area above it.
CODE_LENGTH = {Level.PROVINCE: 2, Level.CITY: 4, Level.COUNTY: 6, Level.STREET: 9, Level.COMMUNITY: 12}


class Role(StrEnum):
    """What a member of staff is there for; one person can have several roles."""

    COMMUNITY_WORKER = "community_worker"
    SUPERVISOR = "supervisor"
    HOTLINE_OPERATOR = "hotline_operator"
    COMPLAINT_OFFICER = "complaint_officer"
    ANALYST = "analyst"
    SUPPLY_COORDINATOR = "supply_coordinator"
    COUNSELLOR = "counsellor"


ROLE_NAMES = {
    Role.COMMUNITY_WORKER: _("community worker"),
    Role.SUPERVISOR: _("supervisor"),
    Role.HOTLINE_OPERATOR: _("hotline operator"),
    Role.COMPLAINT_OFFICER: _("complaint officer"),
    Role.ANALYST: _("analyst (reads only)"),
    Role.SUPPLY_COORDINATOR: _("supply coordinator"),
    Role.COUNSELLOR: _("counsellor (psychological support)"),
}

LEVEL_NAMES = {
    Level.PROVINCE: _("province"),
    Level.CITY: _("city"),
    Level.COUNTY: _("county"),
    Level.STREET: _("street"),
    Level.COMMUNITY: _("community"),
}

ABILITIES: dict[Role, frozenset[Ability]] = {
    Role.COMMUNITY_WORKER: frozenset(
        {
            Ability.SEE_CASES,
            Ability.WORK_CASES,
            Ability.REVEAL_NUMBERS,
            Ability.EXPORT,
            Ability.SEE_FIGURES,
            Ability.ANSWER_ORDERS,
            Ability.TAKE_CALLS,
            Ability.WORK_SUPPLIES,
        }
    ),
    # What somebody said to a counsellor is read by counsellors alone.
    Role.SUPERVISOR: frozenset(Ability) - {Ability.COUNSEL},
    Role.HOTLINE_OPERATOR: frozenset(
        {Ability.SEE_CASES, Ability.REVEAL_NUMBERS, Ability.FILE_COMPLAINTS, Ability.TAKE_CALLS}
    ),
    Role.SUPPLY_COORDINATOR: frozenset(
        {
            Ability.SEE_CASES,
            Ability.REVEAL_NUMBERS,
            Ability.TAKE_CALLS,
            Ability.WORK_SUPPLIES,
            Ability.KEEP_STOCK,
        }
    ),
    Role.COUNSELLOR: frozenset({Ability.SEE_CASES, Ability.REVEAL_NUMBERS, Ability.COUNSEL}),
    # A complaint brings its own evidence; who is under which rule is nothing that its handling needs.
    Role.COMPLAINT_OFFICER: frozenset(
        {
            Ability.FILE_COMPLAINTS,
            Ability.HANDLE_COMPLAINTS,
            Ability.ANSWER_ORDERS,
            Ability.REVEAL_COMPLAINANTS,
        }
    ),
    Role.ANALYST: frozenset({Ability.SEE_CASES, Ability.SEE_FIGURES}),
}


class Department(StrEnum):
    """What an office of an area is for: the area's own administration, its task force, or one branch."""

    GOVERNMENT = "government"
    TASK_FORCE = "task_force"
    HEALTH = "health"
    DISEASE_CONTROL = "disease_control"
    EDUCATION = "education"
    TRANSPORT = "transport"
    INDUSTRY = "industry"
    OUTSIDE = "outside"


DEPARTMENTS = {
    Department.GOVERNMENT: pgettext_lazy("office", "administration of the area"),
    Department.TASK_FORCE: pgettext_lazy("office", "task force"),
    Department.HEALTH: pgettext_lazy("office", "health"),
    Department.DISEASE_CONTROL: pgettext_lazy("office", "disease control"),
    Department.EDUCATION: pgettext_lazy("office", "education"),
    Department.TRANSPORT: pgettext_lazy("office", "transport"),
    Department.INDUSTRY: pgettext_lazy("office", "industry"),
    Department.OUTSIDE: pgettext_lazy("office", "outside desk"),
}

BRANCHES = (
    Department.HEALTH,
    Department.DISEASE_CONTROL,
    Department.EDUCATION,
    Department.TRANSPORT,
    Department.INDUSTRY,
)
"""The competent departments of N二(十六) and N二(十九), as an area has them below its task force."""

OFFICE_KEY_DIGITS = 6


def office_path(above: str, key: int) -> str:
    """The path of an office: that of the one above it, and its own key in six digits.

    Like an area's code, a path begins with the path of the office above; `codes_below` gives its subtree.
    """
    return f"{above}{key:0{OFFICE_KEY_DIGITS}d}"


def stands_at_or_below(path: str, other: str) -> bool:
    """Whether the office of `path` is that of `other`, or lies below it."""
    return bool(other) and path.startswith(other)


def keys_in_line(path: str) -> list[int]:
    """The keys of an office and of all those above it, from the top."""
    return [int(path[start : start + OFFICE_KEY_DIGITS]) for start in range(0, len(path), OFFICE_KEY_DIGITS)]


def abilities_of(roles: frozenset[Role]) -> frozenset[Ability]:
    """All that these roles allow together."""
    return frozenset().union(*(ABILITIES[role] for role in roles))


def codes_below(code: str) -> tuple[str, str]:
    """The half-open range [from, to) of the codes that begin with `code`: that area and all below it.

    A range is served by the ordinary index on both databases; a prefix search is not on SQLite.
    """
    return code, code + ":"  # ":" is the character after "9"


def codes_upward(code: str) -> list[str]:
    """The codes of that area and of all above it, the highest first."""
    return [code[:length] for length in CODE_LENGTH.values() if length <= len(code)]
