"""Medical access: hospitals, who was asked and what they said, the way there and back home."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.encryption import EncryptedTextField
from accounts.models import User, in_area
from accounts.rules import Ability
from accounts.scoped import InCommunity
from cases.models import Person
from supplies.models.delivery import Car
from supplies.models.need import Need, NeedQuerySet
from supplies.rules.medical import (
    CARE_STATUSES,
    CONSULT_ANSWERS,
    TREATMENT_KINDS,
    TRIP_STAGES,
    CareStatus,
    ConsultAnswer,
)
from supplies.rules.needs import NeedKind
from zones.models import Site


class CareSite(models.Model):
    """What a hospital or pharmacy is to people behind a closed door (N二(十七), P4)."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="care", verbose_name=_("site"))
    direct_line = models.CharField(_("direct line"), max_length=30)
    departments = models.CharField(_("departments"), max_length=300, blank=True)
    treats = models.JSONField(
        _("treats"), default=list, blank=True, help_text=_("Which regular treatments are done here.")
    )
    yellow_code = models.BooleanField(
        _("yellow-code hospital"), default=False, help_text=_("Takes people whose health code is not green.")
    )
    green_channel = models.CharField(_("green channel"), max_length=200, blank=True)
    status = models.CharField(
        _("now"), max_length=6, choices=list(CARE_STATUSES.items()), default=CareStatus.OPEN
    )
    status_reason = models.CharField(_("reason"), max_length=200, blank=True)
    status_since = models.DateTimeField(_("since"))
    status_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("hospital or pharmacy for people under seal")
        verbose_name_plural = _("hospitals and pharmacies for people under seal")
        ordering = ["site__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=CareStatus.OPEN) | ~Q(status_reason=""),
                name="closed_with_a_reason",
                violation_error_message=_("Say why it is closed or full."),
            )
        ]

    def __str__(self) -> str:
        return str(self.site_id)


class MedicalNeedQuerySet(models.QuerySet["MedicalNeed"]):
    def open(self) -> Self:
        """The person is not treated and back home, nor admitted."""
        return self.filter(ended_at=None)

    def overdue_untold(self, at: dt.datetime) -> Self:
        """Open, the next step overdue, and nobody told of just that step."""
        untold = Q(told_act_by=None) | ~Q(told_act_by=F("act_by"))
        return self.open().filter(untold, act_by__lte=at)


class MedicalNeed(models.Model):
    """The medical side of a need: what for, which hospital owns it, by when somebody has to act.

    While it is open it has a clock (`act_by`) and an owner: the hospital of first consult, or the community.
    """

    need = models.OneToOneField(Need, on_delete=models.CASCADE, related_name="medical")
    treatment = models.CharField(_("what for"), max_length=12, choices=list(TREATMENT_KINDS.items()))
    wanted_at = models.DateTimeField(_("wanted at"), help_text=_("The appointment; for an emergency: now."))
    owner = models.ForeignKey(
        Site,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("hospital that answers for it"),
        help_text=_("Empty: none was asked yet, the community answers."),
    )
    act_by = models.DateTimeField(
        _("next step due at"), null=True, help_text=_("Empty only once it has ended.")
    )
    told_act_by = models.DateTimeField(
        null=True, editable=False, help_text="The overdue step of which the offices have been told."
    )
    told_120_at = models.DateTimeField(_("120 called at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = MedicalNeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("medical need")
        verbose_name_plural = _("medical needs")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(act_by__isnull=False),
                name="open_medical_need_has_a_clock",
            )
        ]
        indexes = [models.Index(fields=["act_by"], condition=Q(ended_at=None), name="medical_by_clock")]

    def __str__(self) -> str:
        return str(self.need_id)

    def is_late(self, at: dt.datetime) -> bool:
        """Whether the next step is overdue."""
        return self.ended_at is None and self.act_by is not None and self.act_by <= at


class Consult(models.Model):
    """One hospital that was asked, and what it said. A refusal stands for good, with its reason."""

    medical = models.ForeignKey(MedicalNeed, on_delete=models.CASCADE, related_name="consults")
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="consults", verbose_name=_("hospital")
    )
    asked_at = models.DateTimeField(_("asked at"))
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked by"))
    answer = models.CharField(
        _("answer"),
        max_length=8,
        choices=list(CONSULT_ANSWERS.items()),
        blank=True,
        default=ConsultAnswer.WAITING,
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answered_by = models.CharField(_("who answered there"), max_length=80, blank=True)
    reason = models.CharField(_("stated reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("hospital asked")
        verbose_name_plural = _("hospitals asked")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["medical", "site"],
                condition=Q(answer=""),
                name="one_open_question_per_hospital",
                violation_error_message=_("This hospital has been asked and has not answered yet."),
            ),
            models.CheckConstraint(
                condition=~Q(answer=ConsultAnswer.REFUSED) | ~Q(reason=""),
                name="refusal_has_its_reason",
                violation_error_message=_("Write down the reason that the hospital gave."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["answered_at"], condition=Q(answer="refused"), name="consult_refused"
            )  # the complaints desk pulls these
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.answer}"


class TripQuerySet(models.QuerySet["Trip"]):
    def under_way(self) -> Self:
        """The person is neither back home nor admitted, nor was turned away."""
        return self.filter(home_at=None, admitted_at=None, refused_at=None)


class Trip(models.Model):
    """The way to the hospital in a closed loop, and back home: there at once, and home afterwards (P4)."""

    medical = models.ForeignKey(MedicalNeed, on_delete=models.CASCADE, related_name="trips")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("hospital"))
    car = models.ForeignKey(
        Car, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("car")
    )
    ambulance = models.BooleanField(_("ambulance (120)"), default=False)
    stage = models.CharField(_("stage"), max_length=10, choices=list(TRIP_STAGES.items()))
    left_at = models.DateTimeField(_("left at"))
    arrived_at = models.DateTimeField(_("arrived at"), null=True)
    treated_at = models.DateTimeField(_("treated at"), null=True)
    home_at = models.DateTimeField(_("back home at"), null=True)
    admitted_at = models.DateTimeField(_("admitted at"), null=True)
    refused_at = models.DateTimeField(_("turned away at"), null=True)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = TripQuerySet.as_manager()

    class Meta:
        verbose_name = _("trip to a hospital")
        verbose_name_plural = _("trips to hospitals")
        ordering = ["left_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["medical"],
                condition=Q(home_at=None, admitted_at=None, refused_at=None),
                name="one_trip_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.stage}"

    @property
    def is_under_way(self) -> bool:
        """Neither back home nor admitted, nor turned away."""
        return self.home_at is None and self.admitted_at is None and self.refused_at is None


class PrescriptionQuerySet(models.QuerySet["Prescription"]):
    def visible_to(self, user: User) -> Self:
        """Prescriptions of people in the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def running_out(self, by: dt.date) -> Self:
        """What lasts at most until that date and was not renewed."""
        return self.filter(lasts_until__lte=by, ended_at=None)


class Prescription(InCommunity):
    """A medicine that somebody takes regularly: what, how much, until when it lasts."""

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="prescriptions", verbose_name=_("person")
    )
    medicine = models.CharField(_("medicine"), max_length=120)
    dose = models.CharField(_("dose"), max_length=120, blank=True)
    quantity = models.CharField(_("quantity"), max_length=60, blank=True)
    lasts_until = models.DateField(_("lasts until"))
    hospital = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("hospital")
    )
    need = models.ForeignKey(Need, null=True, on_delete=models.SET_NULL, related_name="prescriptions")
    entered_at = models.DateTimeField(_("entered at"))
    entered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = PrescriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("prescription")
        verbose_name_plural = _("prescriptions")
        ordering = ["lasts_until", "pk"]
        indexes = [
            models.Index(
                fields=["community", "lasts_until"],
                condition=Q(ended_at=None),
                name="prescription_by_community",
            ),
            models.Index(
                fields=["county", "lasts_until"], condition=Q(ended_at=None), name="prescription_by_county"
            ),
        ]

    def __str__(self) -> str:
        return self.medicine


class CounselQuerySet(models.QuerySet["Counsel"]):
    def visible_to(self, user: User) -> Self:
        """Talks with people in the area of the user; only for those who counsel."""
        if not user.area or not user.may(Ability.COUNSEL):
            return self.none()
        return self.filter(in_area(user.area))

    def to_follow_up(self) -> Self:
        """Talks after which another was agreed that has not been had yet."""
        return self.filter(follow_up_on__isnull=False, followed_up_at=None)


def wanting_to_talk(needs: NeedQuerySet) -> NeedQuerySet:
    """Those of these needs whose people want to talk, and with whom no further talk is agreed already."""
    agreed = Counsel.objects.filter(need=OuterRef("pk")).to_follow_up()
    return needs.live().filter(~Exists(agreed), kind=NeedKind.TALK)


class Counsel(InCommunity):
    """One talk of psychological support; what was said is read by counsellors alone."""

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="counsels", verbose_name=_("person")
    )
    need = models.ForeignKey(Need, null=True, blank=True, on_delete=models.SET_NULL, related_name="counsels")
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("counsellor"))
    notes = EncryptedTextField(_("notes"), blank=True)
    follow_up_on = models.DateField(_("talk again on"), null=True, blank=True)
    followed_up_at = models.DateTimeField(null=True, editable=False)

    objects = CounselQuerySet.as_manager()

    class Meta:
        verbose_name = _("talk of psychological support")
        verbose_name_plural = _("talks of psychological support")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(
                fields=["follow_up_on"],
                condition=Q(follow_up_on__isnull=False, followed_up_at=None),
                name="counsel_to_follow_up",
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"
