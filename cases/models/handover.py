"""Handover 移交: a person under a rule moves from one community's register to another's."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.rules import codes_below
from cases.models.episode import Episode
from cases.rules import HANDOVER_STATES, HandoverState


class HandoverQuerySet(models.QuerySet["Handover"]):
    def visible_to(self, user: User) -> Self:
        """Handovers in which the area of the user is one of the two ends."""
        if not user.area:
            return self.none()
        first, after = codes_below(user.area.code)
        here = Area.objects.filter(code__gte=first, code__lt=after).values("pk")
        return self.filter(Q(from_community__in=here) | Q(to_community__in=here))

    def waiting_for(self, user: User) -> Self:
        """Offers that an office of the user's area has to answer."""
        if not user.area:
            return self.none()
        first, after = codes_below(user.area.code)
        here = Area.objects.filter(code__gte=first, code__lt=after).values("pk")
        return self.filter(state=HandoverState.OFFERED, answering_community__in=here)


class Handover(models.Model):
    """One offer to move an episode, and what became of it.

    Either end may offer: the holder gives the person on, or the community where the person turned up asks
    for them. The other end answers: accepts, or gives it back. Until then nothing moves, and the asking
    end sees nothing of the person but that they are held, and by whom.
    """

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="handovers")
    from_community = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("from")
    )
    to_community = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("to"))
    answering_community = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("answered by")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=list(HANDOVER_STATES.items()), default=HandoverState.OFFERED
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    offered_at = models.DateTimeField(_("offered at"))
    offered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("offered by")
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answer_reason = models.CharField(_("reason of the answer"), max_length=300, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        ordering = ["-offered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode"],
                condition=Q(state=HandoverState.OFFERED),
                name="one_open_handover_per_episode",
                violation_error_message=_("A handover of this person is already offered."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.episode_id} {self.state}"
