"""Which records a request may see and work on: written once for all pages of a person or an episode."""

from django.db.models import Q
from django.shortcuts import get_object_or_404

from accounts.access import StaffRequest
from accounts.models import User, in_area
from accounts.rules import Ability, codes_below
from cases.models import Episode, Person
from cases.models.episode import EpisodeQuerySet
from cases.models.person import PersonQuerySet
from cases.rules import HandoverState


def episode_of(request: StaffRequest, pk: int) -> Episode:
    """An episode of the user's area; a neighbour's is a 404 like one that does not exist."""
    return get_object_or_404(_with_names(Episode.objects.visible_to(request.user)), pk=pk)


def episode_to_read(request: StaffRequest, pk: int) -> Episode:
    """The same, or one that the user's area handed over and that is not done with yet: to read only."""
    seen = Q(pk__in=Episode.objects.visible_to(request.user).values("pk"))
    given = Q(pk__in=episodes_handed_over(request.user).values("pk"))
    return get_object_or_404(_with_names(Episode.objects.filter(seen | given)), pk=pk)


def episodes_handed_over(user: User) -> EpisodeQuerySet:
    """Episodes that an office of the user's area gave to another one, while they are not settled."""
    if user.area is None:
        return Episode.objects.none()
    first, after = codes_below(user.area.code)
    return Episode.objects.unsettled().filter(
        handovers__state=HandoverState.ACCEPTED,
        handovers__from_community__code__gte=first,
        handovers__from_community__code__lt=after,
    )


def _with_names(episodes: EpisodeQuerySet) -> EpisodeQuerySet:
    return episodes.select_related(
        "person__unit__building__compound",
        "person__community",
        "community",
        "street",
        "county",
        "host_community",
        "room__site",
    )


def people_at_hand(user: User) -> PersonQuerySet:
    """People whose numbers and file are this office's business: its own, and those with whom it is not done.

    Whoever only once had an episode here and has moved on since is still seen, but not looked up.
    """
    if user.area is None:
        return Person.objects.none()
    unsettled = Episode.objects.visible_to(user).unsettled().values("person_id")
    return Person.objects.filter(in_area(user.area) | Q(pk__in=unsettled))


def person_seen(request: StaffRequest, pk: int) -> Person:
    """A person whose file or episode stands in the user's area."""
    people = Person.objects.visible_to(request.user).select_related("unit__building__compound", "community")
    return get_object_or_404(people.prefetch_related("key_marks"), pk=pk)


def person_at_hand(request: StaffRequest, pk: int) -> Person:
    """A person whose numbers and file are this office's business."""
    people = people_at_hand(request.user).select_related("unit__building__compound", "community")
    return get_object_or_404(people.prefetch_related("key_marks"), pk=pk)


def permissions(request: StaffRequest, person: Person) -> dict[str, bool]:
    """What this user may do with the file; one query."""
    at_hand = people_at_hand(request.user).filter(pk=person.pk).exists()
    return {
        "may_reveal": at_hand and request.user.may(Ability.REVEAL_NUMBERS),
        "may_edit": at_hand and request.user.may(Ability.WORK_CASES),
        "may_serve": at_hand
        and (request.user.may(Ability.WORK_CASES) or request.user.may(Ability.WORK_SUPPLIES)),
    }
