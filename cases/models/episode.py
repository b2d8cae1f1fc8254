"""Episodes: the time of one person under a rule, from registration to release.

State follows from the dates. `swept_at` says when the side effects of the end were done, and nothing else.
"""

import datetime as dt
from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User, in_area
from accounts.rules import codes_below
from accounts.scoped import InCommunity
from cases.models.infection import Infection
from cases.models.person import Person
from cases.rules import (
    ENDINGS,
    HOME_CHECKS,
    PLACES,
    Ending,
    HomeCheck,
    Overdue,
    Place,
    State,
    overdue_on,
    state_on,
)
from policy.types import Anchor, Category, IsolationFinished, Mode
from zones.models import Room


def is_open(on: dt.date) -> Q:
    """The condition of an episode that still runs: under a plan, or positive and not yet handed over."""
    return Q(swept_at=None) & (
        Q(ending=Ending.BY_THE_CLOCK, release_on__gt=on) | Q(ending=Ending.TRANSFERRED, handed_over_at=None)
    )


def is_overdue(on: dt.date) -> Q:
    """The condition of an episode to whose person we owe something; see `cases.rules.overdue_on`."""
    past = Q(release_on__lte=on)
    journey = Q(place=Place.SITE) & (past | Q(home_from__lte=on))
    notice = Q(release_on__lt=on, told_at=None)
    return Q(
        (past & Q(code_lifted_at=None)) | journey | notice,
        settled_at=None,
        ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY],
        restricted=True,
    )


class EpisodeQuerySet(models.QuerySet["Episode"]):
    def visible_to(self, user: User) -> Self:
        """Episodes of the user's area: home community inside it, or the place of isolation."""
        if not user.area:
            return self.none()
        first, after = codes_below(user.area.code)
        hosted = Area.objects.filter(code__gte=first, code__lt=after).values("pk")
        return self.filter(in_area(user.area) | Q(host_community__in=hosted))

    def not_withdrawn(self) -> Self:
        """Without those that were entered by mistake."""
        return self.exclude(ending=Ending.WITHDRAWN)

    def open(self, on: dt.date) -> Self:
        """Whatever still runs on that date: under a plan, or positive and not yet handed over."""
        return self.filter(is_open(on))

    def restricting(self, on: dt.date) -> Self:
        """Those whose plan restricts on that date: registered_on ≤ date < release_on."""
        return self.filter(
            ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY],
            restricted=True,
            registered_on__lte=on,
            release_on__gt=on,
        )

    def ended(self, on: dt.date) -> Self:
        """Those that no longer restrict on that date, however they ended."""
        return self.exclude(
            Q(ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY], release_on__gt=on)
            | Q(ending=Ending.TRANSFERRED, handed_over_at=None)
        )

    def due_for_release(self, on: dt.date) -> Self:
        """Those past their end whose side effects nobody has done yet."""
        return self.filter(swept_at=None, ending=Ending.BY_THE_CLOCK, release_on__lte=on)

    def releasing_on(self, on: dt.date) -> Self:
        """Those whose first free date is that date, by the clock."""
        return self.filter(ending=Ending.BY_THE_CLOCK, restricted=True, release_on=on)

    def awaiting_transfer(self) -> Self:
        """Positive and not yet handed over to treatment."""
        return self.filter(swept_at=None, ending=Ending.TRANSFERRED, handed_over_at=None)

    def in_stage(self, mode: Mode | str, on: dt.date) -> Self:
        """Those whose stage on that date has this mode."""
        covering = EpisodeStage.objects.filter(
            episode=OuterRef("pk"), mode=mode, starts_on__lte=on, last_on__gte=on
        )
        return self.restricting(on).filter(Exists(covering))

    def starting_stage(self, mode: Mode | str, on: dt.date) -> Self:
        """Those for whom a stage of this mode begins on that date."""
        starting = EpisodeStage.objects.filter(episode=OuterRef("pk"), mode=mode, starts_on=on)
        return self.restricting(on).filter(Exists(starting))

    def settle(self, at: dt.datetime) -> int:
        """Close the books on those with whom we are done; returns how many.

        Done: withdrawn; or handed over; or released, the code lifted, told, and not at an isolation site
        any more; or never restricted, and the one test answered.
        """
        tests = apps.get_model("cases", "NucleicAcidTest")._default_manager
        answered = ~Exists(tests.filter(episode=OuterRef("pk"), result="", dropped_at=None))
        done = (
            Q(ending=Ending.WITHDRAWN)
            | Q(ending=Ending.TRANSFERRED)
            | (Q(restricted=True, told_at__isnull=False, code_lifted_at__isnull=False) & ~Q(place=Place.SITE))
            | (Q(restricted=False) & answered)
        )
        return self.filter(done, settled_at=None, swept_at__isnull=False).update(settled_at=at)

    def unsettled(self) -> Self:
        """Those with whom we are not done: open, or a side effect of the end is still undone."""
        return self.filter(settled_at=None)

    def overdue(self, on: dt.date) -> Self:
        """Those to whom we owe something by that date; the reasons come from `Episode.overdue(on)`."""
        return self.filter(is_overdue(on))


class Episode(InCommunity):
    """One person, one time under a rule: grounds, stages, tests, and an end from the moment it exists."""

    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="episodes", verbose_name=_("person")
    )
    host_community = models.ForeignKey(
        Area,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("community of the isolation site"),
    )
    edition = models.CharField(_("policy edition"), max_length=30, editable=False)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    clause = models.CharField(_("clause"), max_length=20, editable=False)
    anchor = models.CharField(_("anchoring event"), max_length=15, choices=Anchor.choices, editable=False)
    anchor_on = models.DateField(_("date of the anchoring event"), editable=False)
    registered_on = models.DateField(_("registered on"), editable=False)
    registered_at = models.DateTimeField(_("registered at"), editable=False)
    registered_by = models.ForeignKey(
        User,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("registered by"),
    )
    home_check = models.CharField(
        _("home conditions"),
        max_length=10,
        choices=list(HOME_CHECKS.items()),
        default=HomeCheck.UNCHECKED,
        help_text=_(
            "Recorded before home isolation starts; an unsuitable home means staying in central isolation."
        ),
    )
    restricted = models.BooleanField(_("restricted"), default=True, editable=False)
    day_one_on = models.DateField(_("day 1"), editable=False)
    home_from = models.DateField(
        _("goes home on"),
        null=True,
        editable=False,
        help_text=_("First date of home isolation after the central part."),
    )
    release_on = models.DateField(
        _("free from"), editable=False, help_text=_("Release is at 00:00 of this date.")
    )
    planned_release_on = models.DateField(_("free from, as planned"), editable=False)
    ending = models.CharField(
        _("ending"), max_length=12, choices=list(ENDINGS.items()), blank=True, editable=False
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    ended_by = models.ForeignKey(User, null=True, editable=False, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    place = models.CharField(
        _("whereabouts"), max_length=10, choices=list(PLACES.items()), default=Place.HOME, editable=False
    )
    room = models.ForeignKey(
        Room, null=True, editable=False, on_delete=models.PROTECT, related_name="+", verbose_name=_("room")
    )
    code_assigned_at = models.DateTimeField(_("health code assigned at"), null=True, editable=False)
    code_lifted_at = models.DateTimeField(_("health code lifted at"), null=True, editable=False)
    told_at = models.DateTimeField(_("told of the release at"), null=True, editable=False)
    handed_over_at = models.DateTimeField(_("handed over at"), null=True, editable=False)
    contact_again_at = models.DateTimeField(_("try to reach again at"), null=True, editable=False)
    swept_at = models.DateTimeField(_("side effects done at"), null=True, editable=False)
    settled_at = models.DateTimeField(_("settled at"), null=True, editable=False)

    objects = EpisodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("episode")
        verbose_name_plural = _("episodes")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(swept_at=None),
                name="one_unswept_episode_per_person",
                violation_error_message=_("This person already has an open episode."),
            ),
            models.CheckConstraint(
                condition=Q(release_on__lte=F("planned_release_on")),
                name="no_end_later_than_planned",
                violation_error_message=_("Ending early is possible, ending later than planned is not."),
            ),
        ]
        indexes = [
            # Today, register "open", overdue: what an office is not done with, in the order of release.
            models.Index(
                fields=["community", "release_on", "id"],
                condition=Q(settled_at=None),
                name="unsettled_by_community",
            ),
            models.Index(
                fields=["street", "release_on", "id"],
                condition=Q(settled_at=None),
                name="unsettled_by_street",
            ),
            models.Index(
                fields=["county", "release_on", "id"],
                condition=Q(settled_at=None),
                name="unsettled_by_county",
            ),
            models.Index(
                fields=["release_on", "id"], condition=Q(swept_at=None), name="due_for_release"
            ),  # the sweep
            # Register "all" and "ended", the same order, keyset pages.
            models.Index(fields=["community", "release_on", "id"], name="episode_by_community"),
            models.Index(fields=["street", "release_on", "id"], name="episode_by_street"),
            models.Index(fields=["county", "release_on", "id"], name="episode_by_county"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.category} {self.anchor_on}"

    def get_absolute_url(self) -> str:
        return reverse("episode", args=[self.pk])

    def stage_on(self, on: dt.date) -> "EpisodeStage | None":
        """The stage that covers a date, from the prefetched stages."""
        return next((stage for stage in self.stages.all() if stage.starts_on <= on <= stage.last_on), None)

    def state(self, on: dt.date) -> State:
        """What the episode is on a date, by its dates alone."""
        stage = self.stage_on(on)
        return state_on(
            on,
            ending=self.ending,
            restricted=self.restricted,
            release_on=self.release_on,
            mode=stage.mode if stage else None,
            handed_over=self.handed_over_at is not None,
        )

    def overdue(self, on: dt.date) -> list[Overdue]:
        """What we owe this person on that date; see `cases.rules.overdue_on`."""
        return overdue_on(
            on,
            ending=self.ending,
            restricted=self.restricted,
            release_on=self.release_on,
            home_from=self.home_from,
            place=self.place,
            code_lifted=self.code_lifted_at is not None,
            told=self.told_at is not None,
        )

    def restricts(self, on: dt.date) -> bool:
        """Whether the plan restricts on that date."""
        return (
            self.restricted
            and self.ending in (Ending.BY_THE_CLOCK, Ending.EARLY)
            and self.registered_on <= on < self.release_on
        )

    def days_left(self, on: dt.date) -> int:
        """Dates under restriction from that date on, that date included; 0 when free."""
        return max((self.release_on - on).days, 0) if self.restricts(on) else 0


class Ground(models.Model):
    """Why an episode exists: category, anchoring event, clause. The end is that of the latest ground."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="grounds")
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    anchor_on = models.DateField(_("date of the anchoring event"))
    clause = models.CharField(_("clause"), max_length=20)
    registered_on = models.DateField(_("registered on"))
    registered_at = models.DateTimeField(_("registered at"))
    registered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    isolation_finished = models.CharField(
        _("finished at the first point of entry"),
        max_length=10,
        choices=IsolationFinished.choices,
        default=IsolationFinished.NONE,
    )
    infection = models.ForeignKey(
        Infection,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="grounds",
        verbose_name=_("exposed to"),
    )
    document = models.CharField(
        _("document"),
        max_length=200,
        blank=True,
        help_text=_("The paper on which a later date or a repeat rests."),
    )

    class Meta:
        verbose_name = _("ground")
        verbose_name_plural = _("grounds")
        ordering = ["anchor_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "category", "anchor_on"],
                name="one_ground_per_event",
                violation_error_message=_("This exposure already stands in the episode."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.anchor_on}"


class EpisodeStage(models.Model):
    """Whole dates of an episode in one mode, as the plan gave them; made anew when the plan changes."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="stages")
    number = models.PositiveSmallIntegerField()
    category = models.CharField(max_length=20, choices=Category.choices)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    starts_on = models.DateField(_("first date"))
    last_on = models.DateField(_("last date"))
    coded = models.BooleanField(_("health code assigned"))
    may_go_out = models.BooleanField(_("may go out when needed"))
    clause = models.CharField(_("clause"), max_length=20)

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ["episode", "number"]
        constraints = [
            models.UniqueConstraint(fields=["episode", "number"], name="one_stage_per_number"),
            models.CheckConstraint(condition=Q(starts_on__lte=F("last_on")), name="stage_dates_in_order"),
        ]
        indexes = [models.Index(fields=["starts_on", "mode"], name="stage_by_start")]  # who goes home today

    def __str__(self) -> str:
        return f"{self.mode} {self.starts_on}–{self.last_on}"

    @property
    def days(self) -> int:
        """Length in whole dates."""
        return (self.last_on - self.starts_on).days + 1


class Placement(models.Model):
    """A stay of a person during an episode: where, from when, until when. Rooms are counted by it."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="placements")
    place = models.CharField(_("whereabouts"), max_length=10, choices=list(PLACES.items()))
    room = models.ForeignKey(
        Room,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="placements",
        verbose_name=_("room"),
    )
    from_at = models.DateTimeField(_("from"))
    until_at = models.DateTimeField(_("until"), null=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        ordering = ["from_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode"], condition=Q(until_at=None), name="one_present_stay_per_episode"
            )
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.room or ''}".strip()
