"""What is published: offices named because it keeps happening (P2, P5), and good practice to follow."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, Office, User
from accounts.rules import Ability, codes_below
from complaints.rules.behaviours import BEHAVIOUR_CHOICES
from complaints.rules.supervision import (
    GROUNDS,
    PUBLICATION_KINDS,
    PUBLICATION_STATES,
    PUBLICATION_STEPS,
    PublicationKind,
    PublicationState,
    PublicationStepKind,
)


class PublicationQuerySet(models.QuerySet["Publication"]):
    def visible_to(self, user: User) -> Self:
        """Drafts and publications in the user's area, never about the own office or one above it."""
        office = user.own_office
        if office is None or not user.may(Ability.HANDLE_COMPLAINTS):
            return self.none()
        first, after = codes_below(office.area.code)
        mine = self.filter(area__code__gte=first, area__code__lt=after)
        return mine.exclude(kind=PublicationKind.NAMING, office__in=office.line)

    def published(self) -> Self:
        """What anybody may read; it stays."""
        return self.filter(state=PublicationState.PUBLISHED)

    def about(self, user: User) -> Self:
        """Published namings of the user's own office: it has the right of reply."""
        office = user.own_office
        if office is None or not user.may(Ability.ANSWER_ORDERS):
            return self.none()
        return self.published().filter(kind=PublicationKind.NAMING, office=office)


class Publication(models.Model):
    """An office named in public, or good practice: a draft from the facts, approved by two, then it stays.

    `facts` are counts, dates, behaviours and clauses; never anything about a person.
    """

    kind = models.CharField(_("kind"), max_length=6, choices=list(PUBLICATION_KINDS.items()))
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=list(PUBLICATION_STATES.items()),
        default=PublicationState.DRAFT,
    )
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("area"))
    office = models.ForeignKey(
        Office, on_delete=models.PROTECT, related_name="publications", verbose_name=_("office")
    )
    behaviour = models.CharField(_("behaviour"), max_length=24, choices=BEHAVIOUR_CHOICES, blank=True)
    ground = models.CharField(_("ground"), max_length=10, choices=list(GROUNDS.items()), blank=True)
    proposal_key = models.CharField(max_length=80, blank=True, editable=False)
    facts = models.JSONField(default=dict, editable=False)
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"))
    proposed_at = models.DateTimeField(_("proposed at"))
    author = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("author"),
        help_text=_("Empty: proposed by the app from its own figures."),
    )
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal_key"], condition=~Q(proposal_key=""), name="one_publication_per_proposal"
            ),
            models.CheckConstraint(
                condition=Q(state=PublicationState.PUBLISHED, published_at__isnull=False)
                | (~Q(state=PublicationState.PUBLISHED) & Q(published_at=None)),
                name="published_has_its_date",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(state=PublicationState.PUBLISHED),
                name="publication_by_date",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The page of the desk."""
        return reverse("publication", args=[self.pk])

    def get_public_url(self) -> str:
        """The page that anybody may read once it is published."""
        return reverse("naming", args=[self.pk])


class PublicationStep(models.Model):
    """One step: proposed, approved by one, published, corrected, replied to. Append-only."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(_("what"), max_length=10, choices=list(PUBLICATION_STEPS.items()))
    text = models.TextField(_("text"), blank=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    office = models.ForeignKey(Office, null=True, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("step of a publication")
        verbose_name_plural = _("steps of publications")
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "round", "by"],
                condition=Q(kind=PublicationStepKind.APPROVED),
                name="one_approval_per_person",
                violation_error_message=_("You have approved it already; a second person has to."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
