"""Hotlines and who answers them, calls that came in, key persons and the calls that go out to them."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.encryption import EncryptedTextField, keyed_digest
from accounts.models import Area, User, in_area
from accounts.rules import codes_below
from accounts.scoped import InCommunity
from cases.models import Episode, Person
from cases.models.episode import is_open
from cases.models.person import tail_digest
from cases.rules import masked_phone, tidy_number, tidy_phone
from supplies.models.need import Need
from supplies.rules.calls import (
    CARE_CALL_OUTCOMES,
    CARE_CALL_REASONS,
    CHECKED_WITHIN_DAYS,
    HOTLINE_PURPOSES,
    UNREACHED,
    CallOutcome,
    CareCallOutcome,
)
from zones.models import Site, UnitSeal, is_holding


class HotlineQuerySet(models.QuerySet["Hotline"]):
    def visible_to(self, user: User) -> Self:
        """Lines of the user's area and of those below it."""
        return self.filter(area__in=Area.objects.visible_to(user))

    def serving(self, area: Area) -> Self:
        """Lines of that area and of those above it: whom somebody there can call."""
        codes = [area.code[:length] for length in range(2, len(area.code) + 1)]
        return self.filter(enabled=True, area__code__in=codes)


class Hotline(models.Model):
    """A telephone line that residents may call (N二(十七)), kept by supervisors."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="hotlines", verbose_name=_("area"))
    purpose = models.CharField(_("for"), max_length=14, choices=list(HOTLINE_PURPOSES.items()))
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    phone = models.CharField(_("telephone"), max_length=30)
    site = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="hotlines",
        verbose_name=_("hospital or pharmacy"),
    )
    all_day = models.BooleanField(_("day and night"), default=False)
    opens_at = models.TimeField(_("from"), null=True, blank=True)
    closes_at = models.TimeField(_("until"), null=True, blank=True)
    checked_on = models.DateField(
        _("last checked on"), help_text=_("When somebody last called to see whether it is answered.")
    )
    enabled = models.BooleanField(pgettext_lazy("hotline", "shown"), default=True)

    objects = HotlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("hotline")
        verbose_name_plural = _("hotlines")
        ordering = ["area__code", "purpose", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(all_day=True) | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="hotline_has_hours",
                violation_error_message=_("Give the hours, or tick “day and night”."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_open(self, at: dt.time) -> bool:
        """Whether it is answered at that time of day; a line may run over midnight."""
        if self.all_day or self.opens_at is None or self.closes_at is None:
            return self.all_day
        if self.opens_at <= self.closes_at:
            return self.opens_at <= at < self.closes_at
        return at >= self.opens_at or at < self.closes_at

    def is_out_of_date(self, on: dt.date) -> bool:
        """Whether nobody has checked the line for so long that it may not be answered any more."""
        return self.checked_on < on - dt.timedelta(days=CHECKED_WITHIN_DAYS)


class HotlineShift(models.Model):
    """Who answers a line from when to when."""

    hotline = models.ForeignKey(
        Hotline, on_delete=models.CASCADE, related_name="shifts", verbose_name=_("hotline")
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who answers"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("shift at a hotline")
        verbose_name_plural = _("shifts at hotlines")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="hotline_shift_in_order",
                violation_error_message=_("The end lies behind the beginning."),
            )
        ]
        indexes = [models.Index(fields=["hotline", "ends_at"], name="hotline_shift_by_line")]

    def __str__(self) -> str:
        return f"{self.user} {timezone.localtime(self.starts_at):%m-%d %H:%M}"


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, user: User) -> Self:
        """Calls in the area of the user."""
        if not user.area:
            return self.none()
        first, after = codes_below(user.area.code)
        return self.filter(area__code__gte=first, area__code__lt=after)

    def to_call_back(self) -> Self:
        """Somebody was promised to be called back."""
        return self.filter(call_back_at__isnull=False, called_back_at=None)

    def matching(self, words: str) -> Self:
        """Calls from a number (whole, or its last four digits), or about somebody by name, number or door."""
        people = Person.objects.matching(words).values("pk"), Person.objects.living_at(words).values("pk")
        found = Q(person__in=people[0]) | Q(person__in=people[1])
        if tail := tail_digest(words) if len(tidy_number(words)) == 4 else "":
            found |= Q(phone_tail_digest=tail)
        elif number := tidy_phone(words):
            found |= Q(phone_digest=keyed_digest("phone", number))
        return self.filter(found)

    def with_outcome(self, outcome: CallOutcome) -> Self:
        """Calls of which that came; one that brought needs may wait to be called back as well."""
        match outcome:
            case CallOutcome.NEEDS:
                return self.filter(Exists(_needs_of_call()))
            case CallOutcome.WORDS:
                return self.exclude(Exists(_needs_of_call()))
            case CallOutcome.WAITING:
                return self.to_call_back()
        return self.filter(called_back_at__isnull=False)


def _needs_of_call() -> models.QuerySet[Any]:
    return Call.needs.through._default_manager.filter(call=OuterRef("pk"))


class Call(models.Model):
    """One call that came in: when, who took it, about whom, what came of it."""

    key = models.CharField(
        max_length=64, blank=True, editable=False, default="", help_text="Digest of the form: written once."
    )
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("area"))
    hotline = models.ForeignKey(
        Hotline, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("hotline")
    )
    at = models.DateTimeField(_("when"))
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("taken by"))
    phone = EncryptedTextField(_("telephone"), blank=True)
    phone_digest = models.CharField(max_length=32, blank=True, editable=False)
    phone_tail_digest = models.CharField(max_length=32, blank=True, editable=False)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    needs = models.ManyToManyField(Need, related_name="calls", verbose_name=_("needs"), blank=True)
    call_back_at = models.DateTimeField(_("call back at"), null=True, blank=True)
    called_back_at = models.DateTimeField(_("called back at"), null=True, editable=False)
    called_back_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="call_written_once")
        ]
        indexes = [
            models.Index(fields=["area", "-at", "-id"], name="call_by_area"),
            models.Index(
                fields=["call_back_at"],
                condition=Q(call_back_at__isnull=False, called_back_at=None),
                name="call_to_return",
            ),
            models.Index(fields=["phone_digest", "-at"], name="call_by_phone"),
            models.Index(fields=["phone_tail_digest"], name="call_by_phone_tail"),  # search: last four digits
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M}"

    @property
    def masked_phone(self) -> str:
        """The number that called, as lists show it."""
        return masked_phone(self.phone)


def behind_a_door(at: dt.datetime, path: str = "person__") -> Q:
    """The condition of somebody under an open episode, or registered in a sealed unit; `path` leads there."""
    episodes = Episode.objects.filter(is_open(timezone.localdate(at)), person=OuterRef(f"{path}pk"))
    seals = UnitSeal.objects.filter(is_holding(at), unit=OuterRef(f"{path}unit"))
    return Q(Exists(episodes)) | Q(Exists(seals))


def _calls_of_plan() -> "models.QuerySet[CareCall]":
    return CareCall.objects.filter(plan=OuterRef("pk"))


class CarePlanQuerySet(models.QuerySet["CarePlan"]):
    def visible_to(self, user: User) -> Self:
        """Plans of key persons in the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()

    def running(self) -> Self:
        """Somebody still calls."""
        return self.filter(ended_at=None)

    def to_call(self, at: dt.datetime) -> Self:
        """Whoever is to be called on that date, whether or not a sweep has written the call down."""
        waiting = _calls_of_plan().filter(outcome__in=UNREACHED, planned_on__lte=timezone.localdate(at))
        return self.running().filter(Exists(waiting) | _to_plan(at))

    def to_plan(self, at: dt.datetime) -> Self:
        """Behind a closed door, or the day has come, and no call of that date is written down yet."""
        return self.running().filter(_to_plan(at))

    def not_reached_in_time(self, on: dt.date) -> Self:
        """Whoever should have been reached before that date and was not, by a call or by the rhythm."""
        waiting = _calls_of_plan().filter(outcome__in=UNREACHED, planned_on__lt=on)
        return self.running().filter(Exists(waiting) | _forgotten(on))

    def with_late_since(self, on: dt.date) -> Self:
        """`late_since`: the first date on which somebody was to be reached and was not; None: in time."""
        waiting = _calls_of_plan().filter(outcome__in=UNREACHED, planned_on__lt=on).order_by("planned_on")
        by_call = Subquery(waiting.values("planned_on")[:1])
        by_rhythm = Case(When(_forgotten(on), then=F("next_call_on")), default=None)
        # Either may be empty, and then SQLite's least of both would be empty, too.
        return self.annotate(late_since=Least(Coalesce(by_call, by_rhythm), Coalesce(by_rhythm, by_call)))


def _to_plan(at: dt.datetime) -> Q:
    today = timezone.localdate(at)
    due = Q(next_call_on__lte=today) | behind_a_door(at)
    return due & Q(~Exists(_calls_of_plan().filter(planned_on=today)))


def _forgotten(on: dt.date) -> Q:
    """The day of the next call has passed, and no call of that day or later is done."""
    done = _calls_of_plan().filter(planned_on__gte=OuterRef("next_call_on")).exclude(outcome__in=UNREACHED)
    return Q(next_call_on__lt=on) & Q(~Exists(done))


class CarePlan(InCommunity):
    """What a key person 重点人员 needs, from where, and how often somebody calls (N二(十四), N二(十七))."""

    person = models.OneToOneField(
        Person, on_delete=models.CASCADE, related_name="care_plan", verbose_name=_("person")
    )
    need = models.CharField(_("need"), max_length=300, blank=True)
    medicine = models.CharField(_("medicine"), max_length=300, blank=True)
    hospital = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("hospital"),
    )
    helper = models.CharField(_("relative or neighbour to ask"), max_length=120, blank=True)
    every_days = models.PositiveSmallIntegerField(_("call every … days"), default=7)
    safety_plan = models.CharField(_("health-safety plan"), max_length=500, blank=True)
    looked_at_on = models.DateField(_("plan last looked at on"), null=True, blank=True)
    last_reached_on = models.DateField(_("last reached on"), null=True, editable=False)
    next_call_on = models.DateField(_("next call on"), editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    objects = CarePlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("care plan of a key person")
        verbose_name_plural = _("care plans of key persons")
        ordering = ["next_call_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(every_days__gte=1),
                name="call_at_least_sometimes",
                violation_error_message=_("At most one call a day, at least one in some days."),
            )
        ]
        indexes = [
            models.Index(
                fields=["community", "next_call_on"], condition=Q(ended_at=None), name="care_by_community"
            ),
            models.Index(
                fields=["street", "next_call_on"], condition=Q(ended_at=None), name="care_by_street"
            ),
            models.Index(
                fields=["county", "next_call_on"], condition=Q(ended_at=None), name="care_by_county"
            ),
        ]

    def __str__(self) -> str:
        return str(self.person_id)


class CareCall(models.Model):
    """One planned call to a key person: one a person and date, whatever the number of reasons."""

    plan = models.ForeignKey(CarePlan, on_delete=models.CASCADE, related_name="calls")
    planned_on = models.DateField(_("date"))
    reason = models.CharField(_("why"), max_length=8, choices=list(CARE_CALL_REASONS.items()))
    outcome = models.CharField(
        _("outcome"),
        max_length=12,
        choices=list(CARE_CALL_OUTCOMES.items()),
        blank=True,
        default=CareCallOutcome.WAITING,
    )
    at = models.DateTimeField(_("when"), null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("care call")
        verbose_name_plural = _("care calls")
        ordering = ["planned_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "planned_on"], name="one_care_call_per_date"),
        ]
        indexes = [models.Index(fields=["planned_on"], condition=Q(outcome=""), name="care_call_waiting")]

    def __str__(self) -> str:
        return f"{self.planned_on} {self.outcome}"
