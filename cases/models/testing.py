"""Nucleic acid tests: planned, taken, answered."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, in_area
from cases.models.episode import Episode
from cases.models.person import Person
from cases.rules import RESULTS, TEST_ORIGINS, Ending, Result
from policy.strip import TestState
from policy.types import Mode


class TestQuerySet(models.QuerySet["NucleicAcidTest"]):
    __test__ = False

    def visible_to(self, user: User) -> Self:
        """Tests of the episodes that the user sees."""
        if not user.area:
            return self.none()
        hosted = Q(episode__in=Episode.objects.visible_to(user).exclude(host_community=None).values("pk"))
        return self.filter(in_area(user.area, "episode__") | hosted)

    def standing(self) -> Self:
        """Without those that were dropped, and those of withdrawn or transferred plans."""
        return self.filter(dropped_at=None)

    def to_take(self, on: dt.date) -> Self:
        """Due on that date and not taken yet, while the plan still runs."""
        return self.standing().filter(planned_on=on, sampled_at=None, result="", **RUNNING)

    def awaiting_result(self) -> Self:
        """Taken, without a result yet."""
        return self.standing().exclude(sampled_at=None).filter(result="", **RUNNING)

    def missed(self, on: dt.date) -> Self:
        """Nobody came to take them by that date: our failure, never a reason to hold somebody."""
        return self.standing().filter(planned_on__lt=on, sampled_at=None, result="", **RUNNING)


# A plan that was withdrawn or closed by a positive result asks for no more tests.
RUNNING = {"episode__ending__in": [Ending.BY_THE_CLOCK, Ending.EARLY]}


class NucleicAcidTest(models.Model):
    """One test of a person: at most one scheduled on a date (N二(六)), results from elsewhere besides."""

    __test__ = False  # pytest: not a test class

    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="tests", db_index=False, verbose_name=_("person")
    )
    episode = models.ForeignKey(
        Episode, on_delete=models.CASCADE, related_name="tests", verbose_name=_("episode")
    )
    planned_on = models.DateField(_("date"))
    scheduled = models.BooleanField(
        _("scheduled"),
        default=True,
        help_text=_("Counts towards the one test a day; re-checks and outside results don't."),
    )
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices, blank=True)
    stage_day = models.PositiveSmallIntegerField(_("day of the stage"), null=True)
    origin = models.CharField(_("origin"), max_length=16, choices=list(TEST_ORIGINS.items()), blank=True)
    clause = models.CharField(_("clause"), max_length=20, blank=True)
    follows = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="followed_by",
        verbose_name=_("follows"),
    )
    sampled_at = models.DateTimeField(_("sampled at"), null=True)
    sampled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    result = models.CharField(_("result"), max_length=20, choices=list(RESULTS.items()), blank=True)
    ct = models.DecimalField(_("Ct value"), max_digits=4, decimal_places=1, null=True, blank=True)
    resulted_at = models.DateTimeField(_("result recorded at"), null=True)
    resulted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(_("number at the laboratory"), max_length=80, blank=True)
    dropped_at = models.DateTimeField(_("dropped at"), null=True)
    missed_noted_at = models.DateTimeField(null=True, editable=False)

    objects = TestQuerySet.as_manager()

    class Meta:
        verbose_name = _("nucleic acid test")
        verbose_name_plural = _("nucleic acid tests")
        ordering = ["planned_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "planned_on"],
                condition=Q(scheduled=True, dropped_at=None),
                name="one_scheduled_test_per_date",
                violation_error_message=_(
                    "This person already has a test on that date; two a day are not allowed."
                ),
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="one_result_per_laboratory_number",
            ),
            models.UniqueConstraint(
                fields=["follows"], condition=~Q(follows=None), name="one_test_follows_a_test"
            ),
        ]
        indexes = [
            # What is to be taken, waits for its result or was missed: small, whatever the history.
            models.Index(
                fields=["planned_on", "episode"],
                condition=Q(result="", dropped_at=None),
                name="test_unanswered",
            ),
            models.Index(fields=["person", "-planned_on"], name="test_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.planned_on} {self.result or self.origin}"

    def state(self, today: dt.date) -> TestState:
        """How the strip draws it: due, waiting, negative, missed, positive or inconclusive."""
        return test_state(self.result, on=self.planned_on, sampled=self.sampled_at is not None, today=today)

    def claim_sampling(self, *, at: dt.datetime, by: User) -> bool:
        """Stamp the sampling unless it is stamped, answered or dropped; returns whether we did it."""
        return bool(
            NucleicAcidTest.objects.filter(pk=self.pk, sampled_at=None, result="", dropped_at=None).update(
                sampled_at=at, sampled_by=by
            )
        )

    def claim_result(
        self, *, result: Result, ct: object, at: dt.datetime, by: User, external_id: str = ""
    ) -> bool:
        """Stamp the result unless there is one; a missing sampling is stamped along."""
        changed = NucleicAcidTest.objects.filter(pk=self.pk, result="", dropped_at=None)
        values = {"result": result, "ct": ct, "resulted_at": at, "resulted_by": by}
        if external_id:
            values["external_id"] = external_id
        return bool(
            changed.update(sampled_at=models.functions.Coalesce(F("sampled_at"), models.Value(at)), **values)
        )


RESULT_STATES = {
    Result.NEGATIVE: TestState.NEGATIVE,
    Result.NOT_POSITIVE_BY_CT: TestState.NEGATIVE,
    Result.POSITIVE: TestState.POSITIVE,
    Result.INCONCLUSIVE: TestState.INCONCLUSIVE,
    Result.ABNORMAL_POOL: TestState.INCONCLUSIVE,
    Result.REFUSED: TestState.INCONCLUSIVE,
}


def test_state(result: str, *, on: dt.date, sampled: bool, today: dt.date) -> TestState:
    """How the strip draws a test of the date `on`, seen from today."""
    if result:
        return RESULT_STATES[Result(result)]
    if sampled:
        return TestState.WAITING
    return TestState.MISSED if on < today else TestState.DUE


test_state.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test
