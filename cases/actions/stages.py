"""Which stages have begun, written down: an event for each, stamped with the midnight at which it began."""

import datetime as dt

from django.db.models import Exists, F, OuterRef, QuerySet

from cases.actions.event_sets import write_events
from cases.models import Episode, EpisodeEvent, EpisodeStage
from cases.rules import Ending, EventKind
from notices.sets import MidnightOf, Sql, chosen, iso, midnight_of, table

CHUNK = 5000


def stage_starts(today: dt.date) -> "QuerySet[EpisodeStage]":
    """Stages after the first, of plans that still held when the stage began, without their event.

    Whoever was registered when a stage had begun already learns it by the registration; no event repeats it.
    """
    noted = EpisodeEvent.objects.filter(
        episode=OuterRef("episode"), kind=EventKind.STAGE_BEGAN, due_at=MidnightOf(OuterRef("starts_on"))
    )
    return EpisodeStage.objects.filter(
        ~Exists(noted),
        episode__swept_at=None,
        episode__ending=Ending.BY_THE_CLOCK,
        number__gt=1,
        starts_on__lte=today,
        starts_on__gt=F("episode__registered_on"),
        starts_on__lt=F("episode__release_on"),
    )


def write_stage_starts(stages: "QuerySet[EpisodeStage]", at: dt.datetime) -> int:
    source = Sql(
        f"""FROM {table(EpisodeStage)} AS stage
            JOIN {table(Episode)} AS episode ON episode.id = stage.episode_id WHERE"""
    )
    written = 0
    while chunk := write_events(
        EventKind.STAGE_BEGAN,
        source,
        chosen("stage.id", stages.order_by("episode", "number")[:CHUNK]),
        at=at,
        due_at=midnight_of("stage.starts_on"),
        clause="stage.clause",
        details={"mode": "stage.mode", "starts_on": iso("stage.starts_on")},
    ):
        written += chunk
        if chunk < CHUNK:
            break
    return written
