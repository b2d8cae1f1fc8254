"""Needs: what somebody behind a closed door asked for, who answers for it, and how far it is."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.encryption import EncryptedTextField
from accounts.models import Area, User, in_area
from accounts.scoped import InCommunity
from cases.models import Person
from supplies.models.household import ResidentLink
from supplies.rules.needs import (
    LIVE,
    MEDICAL,
    NEED_EVENT_KINDS,
    NEED_KINDS,
    NEED_SOURCES,
    NEED_STATES,
    RANK,
    URGENCIES,
    WITH_US,
    NeedState,
    Urgency,
)
from zones.models import Unit, Zone


def is_late(at: dt.datetime) -> Q:
    """The condition of a need that is past its limit; of a medical one, that its next step is overdue."""
    carried = Q(due_at__lte=at) & ~Q(kind__in=MEDICAL)
    return Q(state__in=WITH_US) & (carried | Q(kind__in=MEDICAL, medical__act_by__lte=at))


class NeedQuerySet(models.QuerySet["Need"]):
    def visible_to(self, user: User) -> Self:
        """Needs in the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def within(self, area: Area) -> Self:
        """Needs inside that area."""
        return self.filter(in_area(area))

    def live(self) -> Self:
        """Somebody still answers for it."""
        return self.filter(state__in=LIVE)

    def with_us(self) -> Self:
        """An office owes the next step."""
        return self.filter(state__in=WITH_US)

    def late(self, at: dt.datetime) -> Self:
        """Not at the door although its limit has passed; a medical one: its next step is overdue."""
        return self.with_us().filter(is_late(at))


class Need(InCommunity):
    """One thing that somebody asked for, until it is confirmed. It never disappears by itself."""

    number = models.CharField(_("number"), max_length=24, unique=True, editable=False)
    key = models.CharField(
        max_length=64, unique=True, editable=False, help_text="Digest of the form: asked twice, written once."
    )
    kind = models.CharField(_("what"), max_length=10, choices=list(NEED_KINDS.items()))
    urgency = models.CharField(
        _("urgency"), max_length=10, choices=list(URGENCIES.items()), default=Urgency.NORMAL
    )
    rank = models.PositiveSmallIntegerField(default=RANK[Urgency.NORMAL], editable=False)
    text = models.TextField(_("in their words"), blank=True)
    source = models.CharField(_("source"), max_length=10, choices=list(NEED_SOURCES.items()))
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="needs",
        verbose_name=_("person"),
    )
    link = models.ForeignKey(
        ResidentLink, null=True, blank=True, on_delete=models.SET_NULL, related_name="needs"
    )
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="needs", verbose_name=_("unit")
    )
    door = models.CharField(_("door number"), max_length=20, blank=True)
    zone = models.ForeignKey(
        Zone, null=True, blank=True, on_delete=models.SET_NULL, related_name="needs", verbose_name=_("zone")
    )
    call_phone = EncryptedTextField(_("telephone to call back"), blank=True)
    external_id = models.CharField(
        _("number at the sender"),
        max_length=80,
        blank=True,
        editable=False,
        help_text=_("Of a need that another system has sent: it is written once for each account."),
    )

    state = models.CharField(
        _("state"), max_length=10, choices=list(NEED_STATES.items()), default=NeedState.OPEN, editable=False
    )
    owner = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who answers for it"),
    )
    asked_at = models.DateTimeField(pgettext_lazy("need", "asked at"))
    asked_by = models.ForeignKey(
        User,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("written down by"),
    )
    due_at = models.DateTimeField(pgettext_lazy("need", "due at"), null=True, editable=False)
    at_door_at = models.DateTimeField(_("at the door at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    instead = models.CharField(_("what instead"), max_length=300, blank=True, editable=False)
    late_noted_at = models.DateTimeField(null=True, editable=False)
    late_by_minutes = models.PositiveIntegerField(
        _("minutes late"),
        null=True,
        editable=False,
        help_text=_("Frozen when it reached the door; of a medical one: of all its overdue steps together."),
    )
    asked_again_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the zone opened and its person was asked whether it is wanted.",
    )

    objects = NeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        ordering = ["rank", "due_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["asked_by", "external_id"],
                condition=~Q(external_id=""),
                name="one_need_per_number_of_the_sender",
            )
        ]
        indexes = [
            # The desk: what an area answers for, emergencies first, then by its limit.
            models.Index(
                fields=["community", "rank", "due_at", "id"],
                condition=Q(state__in=sorted(LIVE)),
                name="need_live_by_community",
            ),
            models.Index(
                fields=["street", "rank", "due_at", "id"],
                condition=Q(state__in=sorted(LIVE)),
                name="need_live_by_street",
            ),
            models.Index(
                fields=["county", "rank", "due_at", "id"],
                condition=Q(state__in=sorted(LIVE)),
                name="need_live_by_county",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=sorted(WITH_US), late_noted_at=None),
                name="need_not_noted_late",
            ),  # the sweep
            models.Index(fields=["community", "-asked_at", "-id"], name="need_by_community"),
            models.Index(fields=["county", "-asked_at", "-id"], name="need_by_county"),
            models.Index(fields=["person", "-asked_at"], name="need_by_person"),
            models.Index(fields=["link", "-asked_at"], name="need_by_link"),
            models.Index(fields=["zone"], condition=Q(state__in=sorted(LIVE)), name="need_live_by_zone"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The page of the desk."""
        return reverse("need", args=[self.pk])

    @property
    def is_live(self) -> bool:
        """Whether somebody answers for it."""
        return self.state in LIVE

    @property
    def address(self) -> str:
        """Compound, building, unit and door on one line."""
        return f"{self.unit or ''} {self.door}".strip()

    @property
    def telephone(self) -> str:
        """The number given for calls, else the person's, else that of somebody of the same household.

        One phone serves parents, children and grandparents. Of many needs: `link__people` is prefetched.
        """
        if self.call_phone:
            return self.call_phone
        if self.person and self.person.phone:
            return self.person.phone
        people = self.link.people.all() if self.link else []
        here = [each for each in people if (each.unit_id, each.door) == (self.unit_id, self.door)]
        return next((each.phone for each in sorted(here, key=lambda each: each.pk) if each.phone), "")

    def is_late(self, at: dt.datetime) -> bool:
        """Not at the door although its limit has passed."""
        return self.state in WITH_US and self.due_at is not None and self.due_at <= at


class NeedLine(models.Model):
    """One item of a need: what and how much; a free text where the list of items has no such thing."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(
        "supplies.Item",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("item"),
    )
    text = models.CharField(_("in their words"), max_length=100, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=9, decimal_places=2, default=1)

    class Meta:
        verbose_name = _("item of a need")
        verbose_name_plural = _("items of needs")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="line_asks_for_something",
                violation_error_message=_("The quantity is more than nothing."),
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=False) | ~Q(text=""), name="line_names_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id or self.text} {self.quantity}"


class NeedEvent(models.Model):
    """One thing that happened to a need. Append-only. `by` empty: the resident or the clock."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(_("what"), max_length=18, choices=list(NEED_EVENT_KINDS.items()))
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    by_resident = models.BooleanField(default=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("event of a need")
        verbose_name_plural = _("events of needs")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["need", "at"], name="need_event_by_need")]

    def __str__(self) -> str:
        return f"{self.kind} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class NeedLimit(models.Model):
    """How soon a need has to be at the door: a local setting by urgency, and by kind where it differs."""

    urgency = models.CharField(_("urgency"), max_length=10, choices=list(URGENCIES.items()))
    kind = models.CharField(_("what"), max_length=10, choices=list(NEED_KINDS.items()), blank=True)
    minutes = models.PositiveIntegerField(_("limit in minutes"))

    class Meta:
        verbose_name = _("limit of a need")
        verbose_name_plural = _("limits of needs")
        constraints = [
            models.UniqueConstraint(
                fields=["urgency", "kind"],
                name="one_limit_per_urgency_and_kind",
                violation_error_message=_("There is such a limit already."),
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="need_limit_takes_time"),
        ]

    def __str__(self) -> str:
        return f"{self.urgency} {self.kind} {self.minutes}"
