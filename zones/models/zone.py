"""High-risk zones: the seal of each unit with its own clock, what it rests on, what happened to it.

State follows from the dates. A seal holds from `starts_at` until 00:00 of `release_on`, whether or not a
worker process has run; `swept_at` says when the side effects of the opening were done, and nothing else.
"""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User, in_area
from accounts.scoped import InCommunity
from zones.models.places import Compound, Unit
from zones.rules import (
    DECISIONS,
    PURPOSES,
    SEAL_ENDINGS,
    WIDER_REASONS,
    ZONE_EVENT_KINDS,
    Decision,
    SealEnding,
    SealState,
    ZoneEventKind,
    day_of,
    seal_state_on,
)


def is_overdue(on: dt.date, path: str = "") -> Q:
    """The condition of a seal past its five dates whose edition has a gate that is not met (rulebook, 2)."""
    return Q(
        **{
            f"{path}release_on__lte": on,
            f"{path}ending": SealEnding.BY_THE_CLOCK,
            f"{path}round_day__isnull": False,
            f"{path}round_met_at__isnull": True,
            f"{path}swept_at__isnull": True,
        }
    )


def is_holding(at: dt.datetime, path: str = "") -> Q:
    """The condition of a seal that holds at that instant, by the clock, swept or not."""
    today = timezone.localdate(at)
    running = Q(**{f"{path}release_on__gt": today})
    return Q(**{f"{path}starts_at__lte": at}) & (running | is_overdue(today, path))


class ZoneQuerySet(models.QuerySet["Zone"]):
    def visible_to(self, user: User) -> Self:
        """Zones inside the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def within(self, area: Area) -> Self:
        """Zones inside that area."""
        return self.filter(in_area(area))

    def open(self, at: dt.datetime) -> Self:
        """Zones of which a unit is sealed at that instant."""
        today = timezone.localdate(at)
        seals = UnitSeal.objects.filter(is_overdue(today), zone=OuterRef("pk"))
        return self.filter(Q(release_on__gt=today) | (Q(gated=True, ended_at=None) & Exists(seals)))

    def past(self, at: dt.datetime) -> Self:
        """Zones whose last unit is open again at that instant: the history that stays public."""
        today = timezone.localdate(at)
        seals = UnitSeal.objects.filter(is_overdue(today), zone=OuterRef("pk"))
        return self.filter(release_on__lte=today).exclude(Q(gated=True, ended_at=None) & Exists(seals))


class Zone(InCommunity):
    """One designation of units of one compound as high-risk; it ends with its last unit.

    Its units never grow: whoever has to seal more designates again.
    """

    compound = models.ForeignKey(
        Compound, on_delete=models.PROTECT, related_name="zones", verbose_name=_("compound")
    )
    boundary = models.TextField(
        _("boundary"), help_text=_("Its units as they are published, such as 3号楼1单元.")
    )
    unit_count = models.PositiveIntegerField(_("units"))
    edition = models.CharField(_("policy edition"), max_length=30)
    clause = models.CharField(_("clause"), max_length=20)
    designated_at = models.DateTimeField(_("designated at"))
    designated_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("designated by")
    )
    reason = models.CharField(
        _("reason"),
        max_length=300,
        blank=True,
        help_text=_("Why an infection found in isolation or closed loop seals a unit at all."),
    )
    wider_reason = models.CharField(
        _("reason for more than units and buildings"),
        max_length=12,
        choices=list(WIDER_REASONS.items()),
        blank=True,
    )
    wider_note = models.CharField(_("explained"), max_length=300, blank=True)
    approved_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    release_on = models.DateField(
        _("last unit opens on"), help_text=_("The latest date of its units; opening is at 00:00.")
    )
    gated = models.BooleanField(default=False, editable=False)
    ended_at = models.DateTimeField(
        _("ended at"), null=True, editable=False, help_text=_("When the end of its last unit was noted.")
    )

    objects = ZoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("high-risk zone")
        verbose_name_plural = _("high-risk zones")
        ordering = ["-designated_at", "-pk"]
        indexes = [
            # The public list and the desk: by area what is sealed now, in the order of opening; the history.
            models.Index(fields=["county", "release_on", "id"], name="zone_by_county"),
            models.Index(fields=["street", "release_on", "id"], name="zone_by_street"),
            models.Index(fields=["community", "release_on", "id"], name="zone_by_community"),
            models.Index(fields=["release_on", "id"], name="zone_by_release"),
            models.Index(fields=["compound", "release_on"], name="zone_by_compound"),
        ]

    def __str__(self) -> str:
        return f"{self.compound.name} {self.boundary}"

    def get_absolute_url(self) -> str:
        return reverse("zone", args=[self.pk])

    def get_public_url(self) -> str:
        """The page that anybody may read."""
        return reverse("risk-zone", args=[self.pk])


class UnitSealQuerySet(models.QuerySet["UnitSeal"]):
    def visible_to(self, user: User) -> Self:
        """Seals inside the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def within(self, area: Area) -> Self:
        """Seals inside that area."""
        return self.filter(in_area(area))

    def holding(self, at: dt.datetime) -> Self:
        """Seals that hold at that instant, by the clock, swept or not."""
        return self.filter(is_holding(at))

    def overdue(self, on: dt.date) -> Self:
        """Seals past their five dates with a gate that is not met."""
        return self.filter(is_overdue(on))

    def due_to_open(self, on: dt.date) -> Self:
        """Seals whose end has come and whose side effects nobody has done yet."""
        ready = Q(round_day=None) | Q(round_met_at__isnull=False)
        return self.filter(ready, swept_at=None, ending=SealEnding.BY_THE_CLOCK, release_on__lte=on)

    def unswept(self) -> Self:
        """Seals that nobody has swept or ended."""
        return self.filter(swept_at=None)


class UnitSeal(InCommunity):
    """One unit of a zone and its clock: day 0 is the date of the last infection that concerns it."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="seals", verbose_name=_("zone"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="seals", verbose_name=_("unit"))
    purpose = models.CharField(
        _("what it is to the infected person"), max_length=10, choices=list(PURPOSES.items()), blank=True
    )
    edition = models.CharField(_("policy edition"), max_length=30)
    clause = models.CharField(_("clause"), max_length=20)
    starts_at = models.DateTimeField(_("sealed at"))
    last_infection_on = models.DateField(
        _("last infection found on"), help_text=_("Day 0; day 1 is the next date.")
    )
    clean_days = models.PositiveSmallIntegerField(_("dates without a new infection"))
    release_on = models.DateField(_("opens on"), help_text=_("At 00:00 of this date."))
    planned_release_on = models.DateField(
        _("opens on, as planned"), help_text=_("As the last infection and the edition give it.")
    )
    round_day = models.PositiveSmallIntegerField(
        _("day of the round"),
        null=True,
        help_text=_("Only for editions with a gate: on this day everybody inside has to be negative."),
    )
    round_met_at = models.DateTimeField(_("round complete at"), null=True)
    ending = models.CharField(_("ending"), max_length=12, choices=list(SEAL_ENDINGS.items()), blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField(_("reason"), max_length=300, blank=True)
    swept_at = models.DateTimeField(_("side effects done at"), null=True)

    objects = UnitSealQuerySet.as_manager()

    class Meta:
        verbose_name = _("sealed unit")
        verbose_name_plural = _("sealed units")
        ordering = ["zone", "unit"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit"],
                condition=Q(swept_at=None),
                name="one_unswept_seal_per_unit",
                violation_error_message=_("This unit is sealed already."),
            ),
            models.CheckConstraint(
                condition=Q(release_on__lte=F("planned_release_on")),
                name="no_opening_later_than_planned",
                violation_error_message=_("Opening early is possible, opening later than planned is not."),
            ),
            models.CheckConstraint(
                condition=Q(last_infection_on__lt=F("planned_release_on")), name="seal_dates_in_order"
            ),
        ]
        indexes = [
            models.Index(
                fields=["release_on", "id"], condition=Q(swept_at=None), name="seal_due_to_open"
            ),  # the sweep
            models.Index(fields=["unit", "-starts_at"], name="seal_by_unit"),  # the diagram, the history
            models.Index(fields=["community", "release_on"], name="seal_by_community"),
            models.Index(fields=["street", "release_on"], name="seal_by_street"),
            models.Index(fields=["county", "release_on"], name="seal_by_county"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.last_infection_on}"

    def state(self, at: dt.datetime) -> SealState:
        """What the seal is at that instant, by its dates and recorded facts alone."""
        return seal_state_on(
            timezone.localdate(at),
            ending=self.ending,
            release_on=self.release_on,
            gate_open=self.round_day is None or self.round_met_at is not None or self.swept_at is not None,
        )

    def day(self, on: dt.date) -> int:
        """Which of the clean dates that date is: 0 on the date of the last infection, at most the last."""
        return min(day_of(on, self.last_infection_on), self.clean_days)

    def days_left(self, on: dt.date) -> int:
        """Dates under seal from that date on, that date included; 0 when open or overdue."""
        return max((self.release_on - on).days, 0)


class SealCause(models.Model):
    """An infection that a seal rests on. `infection` is its number on the floor above (cases)."""

    seal = models.ForeignKey(UnitSeal, on_delete=models.CASCADE, related_name="causes")
    infection = models.PositiveBigIntegerField(_("infection"), db_index=True)
    found_on = models.DateField(_("found on"))
    noted_at = models.DateTimeField(_("noted at"))
    noted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(
        _("withdrawn at"), null=True, help_text=_("The positive result turned out to be a mistake.")
    )

    class Meta:
        verbose_name = _("infection behind a seal")
        verbose_name_plural = _("infections behind a seal")
        ordering = ["found_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["seal", "infection"], name="one_cause_per_infection"),
        ]

    def __str__(self) -> str:
        return f"{self.infection} {self.found_on}"


class UnitRound(models.Model):
    """A round of tests of everybody inside a unit on one date, as it was counted at the door."""

    seal = models.ForeignKey(UnitSeal, on_delete=models.CASCADE, related_name="rounds")
    on = models.DateField(_("date"))
    people = models.PositiveIntegerField(_("people inside"))
    sampled = models.PositiveIntegerField(_("sampled"))
    negative = models.PositiveIntegerField(_("negative"))
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("round of tests")
        verbose_name_plural = _("rounds of tests")
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["seal", "on"], name="one_round_per_seal_and_date"),
            models.CheckConstraint(
                condition=Q(negative__lte=F("sampled")) & Q(sampled__lte=F("people")),
                name="round_counts_in_order",
                violation_error_message=_("Not more can be negative than sampled, nor sampled than inside."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seal_id} {self.on}"

    @property
    def complete(self) -> bool:
        """Whether everybody inside was found negative."""
        return self.people > 0 and self.negative == self.people


class ZoneProposalQuerySet(models.QuerySet["ZoneProposal"]):
    def visible_to(self, user: User) -> Self:
        """Proposals inside the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def undecided(self) -> Self:
        """Those that wait for somebody above the proposer."""
        return self.filter(decision=Decision.NONE)


class ZoneProposal(InCommunity):
    """Units beyond the buildings where an infected person stayed; they are sealed only once approved."""

    compound = models.ForeignKey(
        Compound, on_delete=models.PROTECT, related_name="proposals", verbose_name=_("compound")
    )
    units = models.ManyToManyField(Unit, related_name="+", verbose_name=_("units"))
    boundary = models.TextField(_("boundary"))
    purpose = models.CharField(_("what it is to the infected person"), max_length=10, blank=True)
    causes = models.JSONField(default=list, help_text=_("The infections: number, date found, where found."))
    wider_reason = models.CharField(_("reason"), max_length=12, choices=list(WIDER_REASONS.items()))
    wider_note = models.CharField(_("explained"), max_length=300)
    reason = models.CharField(max_length=300, blank=True)
    proposed_at = models.DateTimeField(_("proposed at"))
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    lapses_on = models.DateField(
        _("lapses on"), help_text=_("The date on which these units would open: then nothing is left to seal.")
    )
    decision = models.CharField(_("decision"), max_length=10, choices=list(DECISIONS.items()), blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decided_reason = models.CharField(_("reason of the decision"), max_length=300, blank=True)
    zone = models.ForeignKey(
        Zone, null=True, on_delete=models.PROTECT, related_name="proposals", verbose_name=_("zone")
    )

    objects = ZoneProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal of a wider zone")
        verbose_name_plural = _("proposals of wider zones")
        ordering = ["-proposed_at", "-pk"]
        indexes = [
            models.Index(fields=["county"], condition=Q(decision=""), name="undecided_by_county"),
        ]

    def __str__(self) -> str:
        return f"{self.compound.name} {self.boundary}"


class ZoneEvent(models.Model):
    """One thing that happened to a zone or one of its units: who, when, what, under which clause.

    Append-only. `details` carries dates, counts and numbers of rows, never anything about a person.
    """

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="events", db_index=False)
    seal = models.ForeignKey(UnitSeal, null=True, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(_("what"), max_length=20, choices=list(ZONE_EVENT_KINDS.items()))
    at = models.DateTimeField(_("when"))
    due_at = models.DateTimeField(
        _("due at"),
        null=True,
        help_text=_("For what the clock does: when it took effect, whenever it was done."),
    )
    by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Empty: the clock."),
    )
    clause = models.CharField(_("clause"), max_length=20, blank=True)
    edition = models.CharField(_("policy edition"), max_length=30, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    infection = models.PositiveBigIntegerField(_("infection"), null=True)
    found_on = models.DateField(_("found on"), null=True)
    release_on = models.DateField(_("opens on"), null=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    residents_told_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("zone event")
        verbose_name_plural = _("zone events")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seal"], condition=Q(kind=ZoneEventKind.OPENED), name="one_opening_per_seal"
            ),
            models.UniqueConstraint(
                fields=["zone"], condition=Q(kind=ZoneEventKind.ENDED), name="one_end_per_zone"
            ),
        ]
        indexes = [
            models.Index(fields=["zone", "at"], name="zone_event_by_zone"),
            models.Index(
                fields=["id"], condition=Q(residents_told_at=None), name="zone_event_untold"
            ),  # telling the people inside
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
