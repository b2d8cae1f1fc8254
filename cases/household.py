"""Who shares a home: the people of the same unit and door, under a rule or only listed."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Max

from accounts.models import User
from cases.models import Episode, Person
from cases.rows import EpisodeRow, episode_rows


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the same home, with the newest episode that the user may see."""

    person: Person
    row: EpisodeRow | None
    age: int | None

    @property
    def under_a_rule(self) -> bool:
        """Whether that episode restricts today."""
        return self.row is not None and self.row.days_left > 0


def members_of_home(person: Person, *, user: User, on: dt.date) -> list[Member]:
    """The others behind the same door, in sight of the user; nobody while unit or door are not known.

    Six queries at most, however many there are.
    """
    if person.unit_id is None or not person.door:
        return []
    others = list(
        Person.objects.visible_to(user)
        .filter(unit=person.unit_id, door=person.door)
        .exclude(pk=person.pk)
        .order_by("pk")
    )
    if not others:
        return []
    newest = (
        Episode.objects.visible_to(user)
        .not_withdrawn()
        .filter(person__in=[other.pk for other in others])
        .values("person")
        .annotate(newest=Max("pk"))
        .values_list("newest", flat=True)
    )
    rows = {row.person_id: row for row in episode_rows(list(newest), on)}
    return [Member(other, rows.get(other.pk), other.age(on)) for other in others]
