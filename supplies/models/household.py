"""The private link of a household: what a resident opens on a phone, without an account."""

import datetime as dt
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User, in_area
from accounts.scoped import InCommunity
from cases.models import Person
from zones.models import Unit


class ResidentLinkQuerySet(models.QuerySet["ResidentLink"]):
    def visible_to(self, user: User) -> Self:
        """Links of households in the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def usable(self, at: dt.datetime) -> Self:
        """Links that nobody has withdrawn and that have not run out."""
        return self.filter(withdrawn_at=None, ends_at__gt=at, people__isnull=False).distinct()


class ResidentLink(InCommunity):
    """One household's door into the app: one phone for parents, children and grandparents.

    The link itself is not stored: it follows from the key of the row, its generation and the installation's
    secret (`supplies.actions.links`), so that it can be printed again and nobody can read it here. Renewing
    raises the generation and closes the old one. With the last of its people purged it opens nothing.
    """

    unit = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit")
    )
    door = models.CharField(_("door number"), max_length=20, blank=True)
    people = models.ManyToManyField(Person, related_name="resident_links", verbose_name=_("people"))
    generation = models.PositiveIntegerField(default=1, editable=False)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(_("ends at"), help_text=_("After it the link opens nothing."))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    last_used_on = models.DateField(_("last used on"), null=True, editable=False)

    objects = ResidentLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("resident's link")
        verbose_name_plural = _("residents' links")
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["unit", "door"], name="link_by_door")]

    def __str__(self) -> str:
        return str(self.pk)
