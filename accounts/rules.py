"""Who may do what: roles and the abilities they carry. Where is a matter of the area, not of the role."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Ability(StrEnum):
    """One thing that staff can be allowed to do, within the subtree of their area."""

    SEE_CASES = "see_cases"
    WORK_CASES = "work_cases"
    REVEAL_NUMBERS = "reveal_numbers"
    EXPORT = "export"
    SUPERVISE = "supervise"
    SEE_FIGURES = "see_figures"


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


ROLE_NAMES = {
    Role.COMMUNITY_WORKER: _("community worker"),
    Role.SUPERVISOR: _("supervisor"),
    Role.HOTLINE_OPERATOR: _("hotline operator"),
    Role.COMPLAINT_OFFICER: _("complaint officer"),
    Role.ANALYST: _("analyst (reads only)"),
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
        {Ability.SEE_CASES, Ability.WORK_CASES, Ability.REVEAL_NUMBERS, Ability.EXPORT, Ability.SEE_FIGURES}
    ),
    Role.SUPERVISOR: frozenset(Ability),
    Role.HOTLINE_OPERATOR: frozenset({Ability.SEE_CASES, Ability.REVEAL_NUMBERS}),
    Role.COMPLAINT_OFFICER: frozenset({Ability.SEE_CASES}),
    Role.ANALYST: frozenset({Ability.SEE_CASES, Ability.SEE_FIGURES}),
}


def abilities_of(roles: frozenset[Role]) -> frozenset[Ability]:
    """All that these roles allow together."""
    return frozenset().union(*(ABILITIES[role] for role in roles))


def codes_below(code: str) -> tuple[str, str]:
    """The half-open range [from, to) of the codes that begin with `code`: that area and all below it.

    A range is served by the ordinary index on both databases; a prefix search is not on SQLite.
    """
    return code, code + ":"  # ":" is the character after "9"
