"""People inside a zone: who of a sealed unit is there, and what they need at the door.

A row exists once somebody asked or was asked; whoever has none is simply registered there.
"""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, in_area
from cases.models.episode import Episode
from cases.models.person import Person
from cases.rules import DOOR_SERVICES, WHEREABOUTS, Whereabouts
from zones.models import Zone


class ZoneResident(models.Model):
    """What was found out about one registered resident of a zone: inside, or left before it was sealed."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="residents")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    whereabouts = models.CharField(
        _("whereabouts"), max_length=8, choices=list(WHEREABOUTS.items()), blank=True
    )
    left_on = models.DateField(
        _("left on"), null=True, blank=True, help_text=_("The anchor of a spill-over person (N二(三)).")
    )
    episode = models.ForeignKey(
        Episode,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("episode"),
        help_text=_("The spill-over episode that came of it."),
    )
    asked_at = models.DateTimeField(_("asked at"))
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("resident of a zone")
        verbose_name_plural = _("residents of zones")
        constraints = [
            models.UniqueConstraint(fields=["zone", "person"], name="one_answer_per_zone_and_person"),
            models.CheckConstraint(
                condition=Q(whereabouts=Whereabouts.AWAY) | Q(left_on=None), name="only_who_left_has_a_date"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zone_id} {self.person_id} {self.whereabouts}"


class DoorServiceQuerySet(models.QuerySet["DoorService"]):
    def visible_to(self, user: User) -> Self:
        """Services in the zones of the user's area."""
        return self.filter(in_area(user.area, "zone__")) if user.area else self.none()

    def open(self) -> Self:
        """What nobody has done yet."""
        return self.filter(done_at=None)


class DoorService(models.Model):
    """One thing that somebody in a sealed unit needs at the door, until it is done."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="services")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    kind = models.CharField(_("what"), max_length=10, choices=list(DOOR_SERVICES.items()))
    note = models.CharField(_("note"), max_length=200, blank=True)
    wanted_at = models.DateTimeField(_("asked for at"))
    wanted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(_("done at"), null=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = DoorServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("door-to-door service")
        verbose_name_plural = _("door-to-door services")
        ordering = ["wanted_at", "pk"]
        indexes = [models.Index(fields=["zone"], condition=Q(done_at=None), name="service_open_by_zone")]

    def __str__(self) -> str:
        return f"{self.kind} {self.wanted_at:%Y-%m-%d}"
