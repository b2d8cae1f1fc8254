"""Complaints: what somebody said, where, about whom; who holds it now, and how far it has come."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.encryption import EncryptedTextField
from accounts.models import Area, Office, User
from accounts.rules import Ability, codes_below
from complaints.rules.behaviours import BEHAVIOUR_CHOICES, BY_CODE, TOPICS, Behaviour
from complaints.rules.handling import OPEN, STATES, UNANSWERED, State
from complaints.rules.words import ORDERED, OUTCOMES, SOURCES, WHOM, Ordered, Outcome, Source, Whom
from zones.models import Compound, Site

HAS_WORD = Q(state=State.ANSWERED, word_over_at=None)
"""The complainant was answered, and has been given the word."""


def has_word(at: dt.datetime) -> Q:
    """The complainant still has the word at that instant: no office owes anything."""
    return HAS_WORD & (Q(due_at=None) | Q(due_at__gt=at))


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def visible_to(self, user: User) -> Self:
        """Complaints that lie at the user's office or below it; never one about the own office.

        Never one about an office above the own one either, nor one from which the user is recused. Whoever
        has no office, or no ability to handle complaints, sees none.
        """
        office = user.own_office
        if office is None or not user.may(Ability.HANDLE_COMPLAINTS):
            return self.none()
        return self.held_within(office).exclude(respondent__in=office.line).exclude(recusals__user=user)

    def held_within(self, office: Office) -> Self:
        """Complaints that lie at that office or at one below it."""
        first, after = codes_below(office.path)
        return self.filter(handler__path__gte=first, handler__path__lt=after)

    def held_by(self, office: Office) -> Self:
        """Complaints that lie at exactly that office."""
        return self.filter(handler=office)

    def filed_by_hand_of(self, user: User) -> Self:
        """What the user filed for callers."""
        return self.filter(filed_by=user, source=Source.PHONE)

    def open(self) -> Self:
        """Not closed yet."""
        return self.filter(state__in=OPEN)

    def without_desk(self, area: Area) -> Self:
        """Open ones of that area which no office may handle; how many may be told, what they say may not."""
        first, after = codes_below(area.code)
        return self.open().filter(handler=None, area__code__gte=first, area__code__lt=after)

    def unanswered(self) -> Self:
        """Whoever holds it still owes an answer."""
        return self.filter(state__in=UNANSWERED)

    def with_complainant(self, at: dt.datetime) -> Self:
        """Answered, and the complainant still has the word: no office owes anything now."""
        return self.filter(has_word(at))

    def to_act(self, at: dt.datetime) -> Self:
        """Open, and an office owes the next step: also what was answered and nobody said a word about."""
        return self.open().exclude(has_word(at))

    def late(self, at: dt.datetime) -> Self:
        """Open, and past the limit of the step that an office owes now."""
        return self.open().exclude(HAS_WORD).filter(due_at__lte=at)

    def received_between(self, first: dt.datetime, after: dt.datetime) -> Self:
        """Received in that half-open interval."""
        return self.filter(received_at__gte=first, received_at__lt=after)

    def counted(self) -> Self:
        """What figures count: each matter once, so without those that were merged into another."""
        return self.exclude(state=State.MERGED)


class Complaint(models.Model):
    """One complaint about over-enforcement (N二(十六)), from its receipt to its closing.

    Who complained stands in `Complainant`, apart, so that no list ever reads it. The secret of the receipt is
    stored as a digest only. State and clocks change through `complaints.actions` alone.
    """

    number = models.CharField(_("receipt number"), max_length=24, unique=True, editable=False)
    secret_digest = models.CharField(max_length=64, editable=False)
    submission = models.CharField(
        max_length=64,
        unique=True,
        editable=False,
        help_text="Digest of the form's token: sent twice, filed once.",
    )
    source = models.CharField(_("source"), max_length=12, choices=list(SOURCES.items()), default=Source.WEB)
    filed_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("filed by"),
        help_text=_("The operator who wrote it down, or the account of the system that sent it."),
    )
    external_id = models.CharField(_("number at the sender"), max_length=80, blank=True)

    behaviour = models.CharField(_("behaviour"), max_length=24, choices=BEHAVIOUR_CHOICES)
    topic = models.CharField(max_length=10, choices=list(TOPICS.items()), editable=False)
    clause = models.CharField(_("clause"), max_length=20, editable=False)
    urgent = models.BooleanField(_("urgent"), default=False)
    complex = models.BooleanField(_("complex"), default=False)

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("area"))
    county = models.ForeignKey(
        Area, null=True, editable=False, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    compound = models.ForeignKey(
        Compound,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="complaints",
        verbose_name=_("compound"),
    )
    site = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="complaints",
        verbose_name=_("site"),
    )
    place = models.CharField(_("place"), max_length=200, blank=True)
    whom = models.CharField(
        _("complained about"), max_length=12, choices=list(WHOM.items()), default=Whom.UNKNOWN
    )
    respondent = models.ForeignKey(
        Office,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="complaints_about",
        db_index=False,
        verbose_name=_("office complained about"),
    )
    respondent_text = models.CharField(_("who, in the complainant's words"), max_length=200, blank=True)
    since_on = models.DateField(_("since"), null=True, blank=True)
    what_happened = models.TextField(_("what happened"), blank=True)
    ordered = models.CharField(
        _("ordered"), max_length=8, choices=list(ORDERED.items()), default=Ordered.UNKNOWN
    )
    ordered_by = models.CharField(_("ordered by"), max_length=200, blank=True)
    facts = models.JSONField(
        default=list, editable=False, help_text="What the app itself knew of the place when it was filed."
    )

    state = models.CharField(
        _("state"), max_length=10, choices=list(STATES.items()), default=State.RECEIVED, editable=False
    )
    handler = models.ForeignKey(
        Office,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="complaints",
        db_index=False,
        verbose_name=_("lies at"),
    )
    referred_by = models.ForeignKey(
        Office,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("sent by"),
    )
    routed = models.JSONField(default=list, editable=False, help_text="Why it went where it lies.")
    coordinator = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("coordinator"),
    )
    times_back = models.PositiveSmallIntegerField(_("sent back"), default=0, editable=False)
    times_reopened = models.PositiveSmallIntegerField(_("reopened"), default=0, editable=False)

    received_at = models.DateTimeField(_("received at"))
    round_began_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, editable=False)
    referred_at = models.DateTimeField(_("referred at"), null=True, editable=False)
    first_answered_at = models.DateTimeField(_("first answered at"), null=True, editable=False)
    answered_at = models.DateTimeField(_("answered at"), null=True, editable=False)
    answered_by = models.ForeignKey(
        User, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    verified_at = models.DateTimeField(_("verified at"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=12, choices=list(OUTCOMES.items()), blank=True)
    word_over_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="The complainant said nothing in time; since then the desk has to verify it itself.",
    )
    satisfied = models.BooleanField(
        _("satisfied"),
        null=True,
        editable=False,
        help_text=_("What the complainant said last; empty: nothing."),
    )

    due_at = models.DateTimeField(
        pgettext_lazy("limit", "due at"),
        null=True,
        editable=False,
        help_text=_("First limit of the step that is waited for."),
    )
    was_late = models.BooleanField(_("was late"), default=False, editable=False)
    was_grossly_late = models.BooleanField(default=False, editable=False)

    merged_into = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged",
        verbose_name=_("merged into"),
    )
    split_from = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="parts",
        verbose_name=_("split from"),
    )
    rebound_of = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="rebounds",
        verbose_name=_("again after"),
    )
    lead_key = models.CharField(max_length=80, blank=True, editable=False)
    purge_told_at = models.DateTimeField(
        null=True, editable=False, help_text="When the supervisor was told that its personal data end."
    )
    purged_at = models.DateTimeField(_("personal data deleted at"), null=True, editable=False)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(handler=None) | Q(respondent=None) | ~Q(handler=F("respondent")),
                name="nobody_handles_their_own",
                violation_error_message=_("Nobody handles a complaint about themselves."),
            ),
            models.UniqueConstraint(
                fields=["lead_key"], condition=~Q(lead_key=""), name="one_complaint_per_lead"
            ),
            models.UniqueConstraint(
                fields=["filed_by", "external_id"],
                condition=~Q(external_id=""),
                name="one_complaint_per_external_id",
                violation_error_message=_("This sender has already sent a complaint of that number."),
            ),
        ]
        indexes = [
            # The queue of an office: what is open, urgent first, then by its limit.
            models.Index(
                fields=["handler", "-urgent", "due_at", "id"],
                condition=Q(state__in=sorted(OPEN)),
                name="complaint_queue",
            ),
            # The same over many offices, and the sweep of limits.
            models.Index(
                fields=["due_at", "id"], condition=Q(state__in=sorted(OPEN)), name="complaint_open_by_limit"
            ),
            models.Index(fields=["handler", "-received_at", "-id"], name="complaint_by_handler"),
            # Figures by county and time.
            models.Index(fields=["county", "received_at"], name="complaint_by_county"),
            models.Index(fields=["received_at", "id"], name="complaint_by_time"),
            # Rebounds and hot spots: the same office and behaviour again.
            models.Index(
                fields=["respondent", "behaviour", "received_at"],
                condition=Q(respondent__isnull=False),
                name="complaint_by_respondent",
            ),
            # Look-alikes at one place.
            models.Index(fields=["compound", "behaviour", "received_at"], name="complaint_by_compound"),
            models.Index(fields=["filed_by", "-received_at"], name="complaint_by_operator"),
            # What ended and still holds personal data: the notice before their end, and the end.
            models.Index(
                fields=["closed_at"],
                condition=Q(purged_at=None, closed_at__isnull=False),
                name="complaint_to_purge",
            ),
            # What the self-audit filed, the newest first.
            models.Index(fields=["-id"], condition=Q(source=Source.SELF_AUDIT), name="complaint_self_audit"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The page of the desk."""
        return reverse("complaint", args=[self.pk])

    @property
    def kind(self) -> Behaviour:
        """The behaviour with its words and its clause."""
        return BY_CODE[self.behaviour]

    @property
    def is_open(self) -> bool:
        """Not closed yet."""
        return self.state in OPEN

    @property
    def ended_at(self) -> dt.datetime | None:
        """When it came to its end; of a merged one that is the end of the one that goes on. None: open."""
        if self.state == State.MERGED and self.merged_into:
            return self.merged_into.closed_at
        return self.closed_at

    @property
    def is_solved(self) -> bool:
        """Closed, and put right: closed is not solved."""
        return self.state == State.CLOSED and self.outcome in (Outcome.SOLVED, Outcome.PARTLY)

    @property
    def has_word(self) -> bool:
        """Whether the complainant, and no office, has the word now."""
        return self.state == State.ANSWERED and self.word_over_at is None

    def is_late(self, at: dt.datetime) -> bool:
        """Whether an office owes the present step since its limit."""
        return self.is_open and not self.has_word and self.due_at is not None and self.due_at <= at


class Complainant(models.Model):
    """Who complained, as far as they said: encrypted, apart from the complaint, deleted with the purge."""

    complaint = models.OneToOneField(Complaint, on_delete=models.CASCADE, related_name="complainant")
    name = EncryptedTextField(_("name"), blank=True)
    phone = EncryptedTextField(_("telephone"), blank=True)
    phone_digest = models.CharField(max_length=32, blank=True, editable=False, db_index=True)
    email = EncryptedTextField(_("e-mail"), blank=True)

    class Meta:
        verbose_name = _("complainant")
        verbose_name_plural = _("complainants")

    def __str__(self) -> str:
        return str(self.complaint_id)
