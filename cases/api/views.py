"""The addresses of people, episodes and tests. What lies outside the caller's area is a 404."""

from collections.abc import Callable
from typing import Any, cast

from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import (
    ACT_ERRORS,
    CREATE_ERRORS,
    LIST_ERRORS,
    RETRIEVE_ERRORS,
    ListView,
    SystemView,
)
from accounts.idempotency import idempotent
from cases.actions import ending, placing, testing
from cases.actions.judging import VERDICTS, Judgement, Verdict
from cases.actions.registration import register_person
from cases.api import inputs, shapes, writing
from cases.api.lists import DatedFilterBackend, EpisodeApiFilter, EpisodePages, PersonFilter, TestFilter
from cases.models import Episode, NucleicAcidTest, Person
from cases.rules import Place, Result
from policy import clock
from policy.refusals import BadInput, RuleViolation
from zones.models import Room

# ── people ───────────────────────────────────────────────────────────────────────────────────────


class PersonList(ListView):
    """People."""

    queryset = Person.objects.all()
    filterset_class = PersonFilter

    def get_queryset(self) -> QuerySet[Person]:
        """People of the caller's area, with what a row shows."""
        return _people_of(self)

    def as_json(self, row: Person) -> dict[str, Any]:
        """One person, numbers masked."""
        return writing.person_line(row)

    @extend_schema(
        operation_id="persons", tags=["persons"], responses={200: shapes.PersonLine(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List people; numbers are masked."""
        return self.page()


class PersonDetail(SystemView):
    """One person."""

    queryset = Person.objects.all()

    @extend_schema(
        operation_id="person", tags=["persons"], responses={200: shapes.PersonShape, **RETRIEVE_ERRORS}
    )
    def get(self, request: Request, pk: int) -> Response:
        """A person with the episodes that the caller sees."""
        person = get_object_or_404(_people_of(self), pk=pk)
        return Response(writing.person_json(person, to=self.staff, today=self.today))


def _people_of(view: SystemView) -> QuerySet[Person]:
    visible = Person.objects.visible_to(view.staff)
    return visible.select_related("unit__building__compound", "community").prefetch_related("key_marks")


# ── episodes ─────────────────────────────────────────────────────────────────────────────────────

_REGISTRATION_EXAMPLE = OpenApiExample(
    "A close contact",
    value={
        "name": "陈晓琳",
        "id_number": "110105199003070016",
        "phone": "13800001234",
        "category": "close_contact",
        "anchor_on": "2022-11-14",
        "registered_on": "2022-11-14",
        "compound": "锦绣花园",
        "building": "4号楼",
        "unit": "1单元",
        "door": "1203",
    },
    request_only=True,
)


class EpisodeList(ListView):
    """Episodes; a POST registers one entry."""

    queryset = Episode.objects.all()
    pagination_class = EpisodePages
    filter_backends = (DatedFilterBackend,)
    filterset_class = EpisodeApiFilter

    def get_queryset(self) -> QuerySet[Episode]:
        """Episodes of the caller's area: home community or place of isolation inside it."""
        return Episode.objects.visible_to(self.staff)

    def page(self) -> Response:
        """The page that the address asks for: rows of the register, and one query for the area codes."""
        pages = cast(EpisodePages, self.paginator)
        rows = pages.rows(self.filter_queryset(self.get_queryset()), self.request, self.today)
        codes = writing.codes_of(rows)
        return self.get_paginated_response([writing.episode_line(row, codes) for row in rows])

    @extend_schema(
        operation_id="episodes",
        tags=["episodes"],
        responses={200: shapes.EpisodeLine(many=True), **LIST_ERRORS},
    )
    def get(self, request: Request) -> Response:
        """List episodes by the date of release. Their state follows from the dates, as of today."""
        return self.page()

    @extend_schema(
        operation_id="episode_register",
        tags=["episodes"],
        request=inputs.RegistrationInput,
        responses={
            200: OpenApiResponse(shapes.RegistrationAnswer, description="No new episode; see the verdict."),
            201: OpenApiResponse(shapes.RegistrationAnswer, description="A new episode."),
            **CREATE_ERRORS,
            409: OpenApiResponse(
                shapes.HeldElsewhere,
                description="A rule says no; or `held_elsewhere`: another community holds the person, only "
                "its name is given; or `id_shape`, `id_birth_date`, `id_checksum`: a doubtful ID, to be "
                "compared with the card and sent again with `id_confirmed`.",
            ),
        },
        examples=[_REGISTRATION_EXAMPLE],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Register one entry: a new episode, a new ground of a running one, or nothing new."""
        asked = self.checked(inputs.RegistrationInput)
        judgement = register_person(asked.registration(), by=self.staff, at=clock.now())
        return self._answer(judgement)

    def _answer(self, judgement: Judgement) -> Response:
        match judgement.verdict:
            case Verdict.WRONG:
                raise BadInput(judgement.field or "", judgement.sentence)
            case Verdict.DOUBTFUL:
                raise RuleViolation(judgement.code, "", judgement.sentence, field=judgement.field)
            case Verdict.HELD_ELSEWHERE:
                return _held_elsewhere(judgement)
        seen = judgement.episode and self.get_queryset().filter(pk=judgement.episode.pk).first()
        episode = writing.episode_json(seen.pk, self.today) if seen else None
        body = {
            "verdict": judgement.verdict,
            "detail": str(judgement.sentence or VERDICTS[judgement.verdict]),
            "plan": episode["plan"] if episode else None,
            "episode": episode,
        }
        new = judgement.verdict is Verdict.NEW
        return Response(body, status=status.HTTP_201_CREATED if new else status.HTTP_200_OK)


def _held_elsewhere(judgement: Judgement) -> Response:
    """Another community holds the person: nothing but the name of that office is told."""
    office = judgement.episode.community.name if judgement.episode else ""
    body = {
        "code": Verdict.HELD_ELSEWHERE,
        "clause": "",
        "detail": str(judgement.sentence),
        "office": office,
    }
    return Response(body, status=status.HTTP_409_CONFLICT)


class EpisodeView(SystemView):
    """Base of what is about one episode."""

    queryset = Episode.objects.all()

    def episode(self, pk: int) -> Episode:
        """The episode, with its person. Raises Http404 outside the caller's area."""
        visible = Episode.objects.visible_to(self.staff).select_related("person", "community", "county")
        return get_object_or_404(visible, pk=pk)

    def changed(self, pk: int, act: Callable[[Episode], bool]) -> Response:
        """Let a verb act on the episode and answer with what it is now."""
        done = act(self.episode(pk))
        return Response({"changed": done, "episode": writing.episode_json(pk, self.today)})


class EpisodeDetail(EpisodeView):
    """One episode."""

    @extend_schema(
        operation_id="episode", tags=["episodes"], responses={200: shapes.EpisodeShape, **RETRIEVE_ERRORS}
    )
    def get(self, request: Request, pk: int) -> Response:
        """An episode with grounds, plan, tests, its state on each date, and events."""
        return Response(writing.episode_json(self.episode(pk).pk, self.today))


class EpisodeEndEarly(EpisodeView):
    """Ending early."""

    @extend_schema(
        operation_id="episode_end_early",
        tags=["episodes"],
        request=inputs.ReasonInput,
        responses={200: shapes.EpisodeChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """End the restriction from now on, with a reason. Extending is not offered anywhere."""
        said = self.checked(inputs.ReasonInput).validated_data
        return self.changed(
            pk,
            lambda found: ending.end_early(
                episode=found, reason=said["reason"], by=self.staff, at=clock.now()
            ),
        )


class EpisodeWithdraw(EpisodeView):
    """Withdrawing."""

    @extend_schema(
        operation_id="episode_withdraw",
        tags=["episodes"],
        request=inputs.ReasonInput,
        responses={200: shapes.EpisodeChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Take back an episode that was entered by mistake, with a reason: it never restricted."""
        said = self.checked(inputs.ReasonInput).validated_data
        return self.changed(
            pk,
            lambda found: ending.withdraw(
                episode=found, reason=said["reason"], by=self.staff, at=clock.now()
            ),
        )


class EpisodePlace(EpisodeView):
    """Whereabouts."""

    @extend_schema(
        operation_id="episode_place",
        tags=["episodes"],
        request=inputs.PlaceInput,
        responses={200: shapes.EpisodeChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Record where the person is from now on. It never changes what the rule allows, nor the end."""
        said = self.checked(inputs.PlaceInput).validated_data

        def act(found: Episode) -> bool:
            room = self._room(said["room"], found) if said["place"] == Place.SITE else None
            return placing.place(episode=found, place=said["place"], room=room, by=self.staff, at=clock.now())

        return self.changed(pk, act)

    def _room(self, key: int, episode: Episode) -> Room:
        """A room of the caller's area, or of the county of the episode, where central isolation may be."""
        rooms = Room.objects.filter(pk=key).select_related("site__community")
        room = rooms.visible_to(self.staff).first()
        if room is None and episode.county is not None:
            room = rooms.within(episode.county).first()
        if room is None:
            raise BadInput("room", _("There is no such room in your area or county."))
        return room


class EpisodeHomeCheck(EpisodeView):
    """Home conditions."""

    @extend_schema(
        operation_id="episode_home_check",
        tags=["episodes"],
        request=inputs.HomeCheckInput,
        responses={200: shapes.EpisodeChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Record whether the home is suitable; not suitable means central isolation on the same dates."""
        said = self.checked(inputs.HomeCheckInput).validated_data
        return self.changed(
            pk,
            lambda found: placing.record_home_check(
                episode=found, check=said["home_check"], by=self.staff, at=clock.now()
            ),
        )


# ── tests ────────────────────────────────────────────────────────────────────────────────────────


class TestList(ListView):
    """Tests."""

    __test__ = False

    queryset = NucleicAcidTest.objects.all()
    filter_backends = (DatedFilterBackend,)
    filterset_class = TestFilter

    def get_queryset(self) -> QuerySet[NucleicAcidTest]:
        """Tests of the episodes that the caller sees, dropped ones included."""
        return NucleicAcidTest.objects.visible_to(self.staff)

    def as_json(self, row: NucleicAcidTest) -> dict[str, Any]:
        """One test."""
        return writing.test_json(row, self.today)

    @extend_schema(
        operation_id="tests", tags=["tests"], responses={200: shapes.TestShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List tests."""
        return self.page()


class TestView(SystemView):
    """Base of what is about one test."""

    __test__ = False

    queryset = NucleicAcidTest.objects.all()

    def test(self, pk: int) -> NucleicAcidTest:
        """The test, with its episode. Raises Http404 outside the caller's area."""
        visible = NucleicAcidTest.objects.visible_to(self.staff).select_related("episode")
        return get_object_or_404(visible, pk=pk)

    def answer(self, test: NucleicAcidTest, *, changed: bool, new: bool = False) -> Response:
        """The test as it is now."""
        body = {"changed": changed, "test": writing.test_json(test, self.today)}
        return Response(body, status=status.HTTP_201_CREATED if new else status.HTTP_200_OK)


class TestDetail(TestView):
    """One test."""

    @extend_schema(operation_id="test", tags=["tests"], responses={200: shapes.TestShape, **RETRIEVE_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """A test."""
        return Response(writing.test_json(self.test(pk), self.today))


class TestSampling(TestView):
    """Taking the sample."""

    @extend_schema(
        operation_id="test_sampling",
        tags=["tests"],
        request=None,
        responses={200: shapes.TestChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Record that the sample was taken now."""
        self.checked(inputs.NothingInput)
        test = self.test(pk)
        done = testing.record_sampling(test=test, by=self.staff, at=clock.now())
        return self.answer(test, changed=done)


class TestResult(TestView):
    """The result of a test."""

    @extend_schema(
        operation_id="test_result",
        tags=["tests"],
        request=inputs.ResultInput,
        responses={200: shapes.TestChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Record the result. A positive one closes the plan as transferred; for entrants Ct decides."""
        said = self.checked(inputs.ResultInput).validated_data
        test, number = self.test(pk), said.get("external_id", "")
        if number:
            _refuse_number_of_another(number, Q(pk=test.pk))
        try:
            done = testing.record_result(
                test=test,
                result=said["result"],
                ct=said.get("ct"),
                external_id=number,
                by=self.staff,
                at=clock.now(),
            )
        except IntegrityError as error:  # somebody else stored this number a moment ago
            raise _number_used() from error
        return self.answer(test, changed=done)


class LaboratoryResults(TestView):
    """Results that a laboratory reports."""

    @extend_schema(
        operation_id="test_laboratory_result",
        tags=["tests"],
        request=inputs.LaboratoryInput,
        responses={200: shapes.TestChanged, 201: shapes.TestChanged, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Store a result for an episode and a date; the same laboratory number counts once.

        It answers the scheduled test of that date if that has no result, else it is kept beside it.
        """
        said = self.checked(inputs.LaboratoryInput).validated_data
        episode = get_object_or_404(Episode.objects.visible_to(self.staff), pk=said["episode"])
        known = self._known(episode, said)
        if known is not None:
            return self.answer(known, changed=False)
        try:
            test = testing.record_outside_result(
                episode=episode,
                on=said["on"],
                result=said["result"],
                external_id=said["external_id"],
                ct=said.get("ct"),
                by=self.staff,
                at=clock.now(),
            )
        except IntegrityError as error:  # the same report arrived twice at once
            known = self._known(episode, said)
            if known is None:
                raise _number_used() from error
            return self.answer(known, changed=False)
        return self.answer(test, changed=True, new=True)

    def _known(self, episode: Episode, said: dict[str, Any]) -> NucleicAcidTest | None:
        """The result already stored under the number. Raises RuleViolation where it is another one."""
        of_this = Q(episode=episode, planned_on=said["on"])
        number = said["external_id"]
        _refuse_number_of_another(number, of_this)
        known = NucleicAcidTest.objects.filter(of_this, external_id=number).first()
        positive = known is not None and known.result == Result.NOT_POSITIVE_BY_CT
        told = Result.NOT_POSITIVE_BY_CT if positive and said["result"] == Result.POSITIVE else said["result"]
        if known is not None and known.result != told:
            raise RuleViolation(
                "other_result", "", _("Another result is recorded already; correct it with a reason.")
            )
        return known


def _refuse_number_of_another(number: str, own: Q) -> None:
    """A laboratory number names one sample. Whose the other one is stays untold."""
    if NucleicAcidTest.objects.filter(external_id=number).exclude(own).exists():
        raise _number_used()


def _number_used() -> RuleViolation:
    return RuleViolation(
        "external_id_used",
        "",
        _("This laboratory number stands at another test already."),
        field="external_id",
    )
