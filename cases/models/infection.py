"""Infections and what follows from one: places it stayed, contacts, the judgement of its spread.

Only an infected person has contacts (N二(二)).
"""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User, in_area
from accounts.scoped import InCommunity
from cases.models.person import Person
from cases.rules import CONTACT_KINDS, MANIFESTATIONS, SPREADS, Spread
from zones.models import Site, Unit
from zones.rules import FOUND_WHERE, PURPOSES, Cause, FoundWhere


class InfectionQuerySet(models.QuerySet["Infection"]):
    def visible_to(self, user: User) -> Self:
        """Infections found in the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def standing(self) -> Self:
        """Without those whose positive result turned out to be a mistake."""
        return self.filter(retracted_at=None)

    def to_trace(self) -> Self:
        """Infections found here whose contacts, or whose spread at home, nobody has judged yet."""
        open_assessment = Q(assessment__isnull=False, assessment__closed_at=None)
        return self.standing().exclude(person=None).filter(Q(contacts_judged_at=None) | open_assessment)


class Infection(InCommunity):
    """An infected person, found once: who, where, when, and how fast we were (N二(十五)).

    The label ("病例1") is the county's; an import that names it makes the record when it is missing, and
    so does a positive result in the app. `community` is where the person lives or was found.
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
    test = models.ForeignKey(
        "cases.NucleicAcidTest",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="infections",
        verbose_name=_("test"),
        help_text=_("Empty: reported from outside."),
    )
    manifestation = models.CharField(
        _("confirmed or asymptomatic"), max_length=12, choices=list(MANIFESTATIONS.items()), blank=True
    )
    ct = models.DecimalField(_("Ct value"), max_digits=4, decimal_places=1, null=True, blank=True)
    found_on = models.DateField(_("found on"), help_text=_("Day 0 of whatever is sealed because of it."))
    found_where = models.CharField(
        _("found"), max_length=12, choices=list(FOUND_WHERE.items()), default=FoundWhere.COMMUNITY
    )
    sampled_at = models.DateTimeField(_("sampled at"), null=True, blank=True)
    resulted_at = models.DateTimeField(_("result at"), null=True, blank=True)
    reported_at = models.DateTimeField(_("reported at"))
    reported_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("reported by")
    )
    contacts_judged_at = models.DateTimeField(_("contacts judged at"), null=True, blank=True)
    contacts_judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    isolated_at = models.DateTimeField(_("isolated at"), null=True, blank=True)
    admitted_at = models.DateTimeField(_("admitted at"), null=True, blank=True)
    admitted_to = models.CharField(_("admitted to"), max_length=120, blank=True)
    remarks = models.CharField(_("remarks"), max_length=300, blank=True)
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
        indexes = [
            models.Index(fields=["community", "-found_on"], name="infection_by_community"),
            models.Index(fields=["street", "-found_on"], name="infection_by_street"),
            models.Index(fields=["county", "-found_on"], name="infection_by_county"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("infection", args=[self.pk])

    @property
    def cause(self) -> Cause:
        """The infection as a zone rests on it. Reads the assessment: select it for lists."""
        assessment = getattr(self, "assessment", None)
        spread = assessment is not None and assessment.conclusion == Spread.SPREAD
        return Cause(self.pk, self.found_on, FoundWhere(self.found_where), spread)


class InfectionStay(models.Model):
    """A unit or site where the infected person stayed, from when to when: home, workplace, activity."""

    infection = models.ForeignKey(Infection, on_delete=models.CASCADE, related_name="stays")
    purpose = models.CharField(
        _("what it is to the infected person"), max_length=10, choices=list(PURPOSES.items())
    )
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit")
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("site")
    )
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    added_at = models.DateTimeField(_("added at"))
    added_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("place where the infected person stayed")
        verbose_name_plural = _("places where the infected person stayed")
        ordering = ["from_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit=None, site__isnull=False) | Q(unit__isnull=False, site=None),
                name="stay_in_one_place",
            ),
            models.CheckConstraint(
                condition=Q(from_on__lte=models.F("to_on")),
                name="infection_stay_dates_in_order",
                violation_error_message=_("The last date lies before the first."),
            ),
            models.UniqueConstraint(
                fields=["infection", "unit", "purpose"],
                condition=Q(unit__isnull=False),
                name="one_stay_per_unit_and_purpose",
            ),
            models.UniqueConstraint(
                fields=["infection", "site", "purpose"],
                condition=Q(site__isnull=False),
                name="one_stay_per_site_and_purpose",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit or self.site} {self.from_on}–{self.to_on}"


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> Self:
        """Contacts of the infections that were found in the area of the user."""
        return self.filter(in_area(user.area, "infection__")) if user.area else self.none()


class Contact(models.Model):
    """A person who was judged a close contact of an infection: exposed last on that date, in this way.

    What follows from it stands in the episode (`ground`); an earlier exposure has a row here and no ground.
    """

    infection = models.ForeignKey(Infection, on_delete=models.PROTECT, related_name="contacts")
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="contacts_of", verbose_name=_("person")
    )
    last_exposure_on = models.DateField(_("last exposure"))
    kind = models.CharField(_("kind of contact"), max_length=12, choices=list(CONTACT_KINDS.items()))
    ground = models.ForeignKey(
        "cases.Ground",
        null=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
        verbose_name=_("ground"),
    )
    judged_at = models.DateTimeField(_("judged at"))
    judged_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("judged by")
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("close contact")
        verbose_name_plural = _("close contacts")
        ordering = ["-last_exposure_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["infection", "person"], name="one_contact_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.infection} {self.last_exposure_on}"


class SpreadAssessment(models.Model):
    """The judgement of spread that a positive in home isolation or monitoring opens (N三(一))."""

    infection = models.OneToOneField(Infection, on_delete=models.CASCADE, related_name="assessment")
    opened_at = models.DateTimeField(_("opened at"))
    due_at = models.DateTimeField(_("due at"), help_text=_("Our own clock; no clause names hours."))
    owner = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    shared_home = models.CharField(_("who shared the home"), max_length=300, blank=True)
    left_home = models.CharField(
        _("what was left"), max_length=300, blank=True, help_text=_("When, where to, whom they met.")
    )
    conclusion = models.CharField(_("conclusion"), max_length=10, choices=list(SPREADS.items()), blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("assessment of spread")
        verbose_name_plural = _("assessments of spread")
        indexes = [models.Index(fields=["due_at"], condition=Q(closed_at=None), name="assessment_open")]

    def __str__(self) -> str:
        return str(self.infection)

    def late(self, at: dt.datetime) -> bool:
        """Whether it is open past its hour, or was closed after it."""
        return (self.closed_at or at) > self.due_at
