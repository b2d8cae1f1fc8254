"""Supply plans 保供预案 of an area: who is in charge, where goods come from, how they reach a door."""

import datetime as dt
from typing import Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User, around
from supplies.rules.plans import MOST_RESERVE_DAYS, is_due


class SupplyPlanQuerySet(models.QuerySet["SupplyPlan"]):
    def visible_to(self, user: User) -> Self:
        """Plans of the user's area, of those above it and of those below."""
        return self.filter(around(user.area, "area__")) if user.area else self.none()

    def kept_by(self, user: User) -> Self:
        """Plans of the user's area and of those below: the ones that the user may write."""
        return self.filter(area__in=Area.objects.visible_to(user))


class SupplyPlan(models.Model):
    """How an area is supplied while it is sealed: one plan an area (N二(十七))."""

    area = models.OneToOneField(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("area"))
    in_charge = models.CharField(_("in charge of the supply task force"), max_length=80)
    phone = models.CharField(_("telephone on duty"), max_length=30)
    market = models.TextField(
        _("market supply"),
        max_length=2000,
        help_text=_("Who delivers what and how much a day, and who steps in when one of them fails."),
    )
    delivery = models.TextField(
        _("delivery to sealed compounds"),
        max_length=2000,
        help_text=_("Named people, receiving points, cars, hours; the last metre to each door."),
    )
    mutual = models.TextField(
        _("mutual supply between areas"),
        max_length=2000,
        help_text=_("Which areas help each other, with what, and who is called."),
    )
    reserve_days = models.PositiveSmallIntegerField(
        _("days of reserve"),
        validators=[MaxValueValidator(MOST_RESERVE_DAYS)],
        help_text=_("For how many days vegetables, grain, oil, meat, eggs and milk are in reserve."),
    )
    reviewed_at = models.DateTimeField(_("looked through"), editable=False)

    objects = SupplyPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("supply plan")
        verbose_name_plural = _("supply plans")
        ordering = ["area__code"]

    def __str__(self) -> str:
        return self.area.name

    @property
    def chapters(self) -> list[tuple[Promise, str]]:
        """The three parts that the notice names, each with its title."""
        return [
            (_("market supply"), self.market),
            (_("delivery to sealed compounds"), self.delivery),
            (_("mutual supply between areas"), self.mutual),
        ]

    def is_due(self, today: dt.date) -> bool:
        """Whether it has to be looked through again."""
        return is_due(timezone.localdate(self.reviewed_at), today)


class SupplyPlanReview(models.Model):
    """Somebody has looked through a plan, and changed it or not. Rows are only ever added."""

    plan = models.ForeignKey(SupplyPlan, on_delete=models.PROTECT, related_name="reviews")
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    changed = models.BooleanField(_("changed"))

    class Meta:
        verbose_name = _("review of a supply plan")
        verbose_name_plural = _("reviews of supply plans")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"
