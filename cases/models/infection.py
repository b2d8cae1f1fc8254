"""Infections: only an infected person has contacts (N二(二))."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, in_area
from cases.models.person import Person
from cases.models.scoped import InCommunity


class InfectionQuerySet(models.QuerySet["Infection"]):
    def visible_to(self, user: User) -> Self:
        """Infections found in the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def standing(self) -> Self:
        """Without those whose positive result turned out to be a mistake."""
        return self.filter(retracted_at=None)

    def to_trace(self) -> Self:
        """Infections found here whose contacts or spread nobody has judged yet."""
        return (
            self.standing().exclude(person=None).filter(Q(contacts_judged_at=None) | Q(spread_judged_at=None))
        )


class Infection(InCommunity):
    """An infected person as far as this issue of the software needs it: label, who, found when.

    The label ("病例1") is the county's; an import that names it makes the record when it is missing.
    """

    label = models.CharField(
        _("label"), max_length=60, help_text=_("As the county's line list names the case.")
    )
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="infections",
        verbose_name=_("person"),
    )
    found_on = models.DateField(_("found on"))
    reported_at = models.DateTimeField(_("reported at"))
    reported_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("reported by")
    )
    contacts_judged_at = models.DateTimeField(_("contacts judged at"), null=True, blank=True)
    spread_judged_at = models.DateTimeField(_("spread judged at"), null=True, blank=True)
    contacts_judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    spread_judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    retracted_at = models.DateTimeField(_("retracted at"), null=True, blank=True, editable=False)

    objects = InfectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("infection")
        verbose_name_plural = _("infections")
        ordering = ["-found_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "label"],
                name="one_infection_per_label",
                violation_error_message=_("The county already has a case of that label."),
            )
        ]
        indexes = [models.Index(fields=["community", "-found_on"], name="infection_by_community")]

    def __str__(self) -> str:
        return self.label
