"""Complaints through the API: filed by a hotline's platform, followed by it, and handled by an office's."""

import secrets
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import (
    ACT_ERRORS,
    LIST_ERRORS,
    RETRIEVE_ERRORS,
    ListView,
    Problem,
    SystemView,
    refusal,
)
from accounts.idempotency import idempotent
from accounts.rules import Ability, codes_below
from complaints.actions import handling
from complaints.actions.events import note_look
from complaints.actions.filing import file_complaint
from complaints.actions.word import add
from complaints.api.inputs import (
    AcceptInput,
    CloseInput,
    ComplaintInput,
    SendBackInput,
    TextInput,
    filing_of,
)
from complaints.api.shapes import (
    BehaviourShape,
    ComplaintActed,
    ComplaintLine,
    ComplaintShape,
    KnownAlready,
    ReceiptShape,
    behaviours_json,
    complaint_json,
    line_json,
    receipt_json,
    with_steps,
    written,
)
from complaints.models import Complaint
from complaints.placed import placed
from complaints.rules.behaviours import BEHAVIOUR_CHOICES
from complaints.rules.handling import OPEN, STATES, State
from complaints.rules.words import LookedAt, Outcome
from policy import clock
from policy.api import ShortJSONParser
from policy.refusals import RuleViolation

TAGS = ["complaints"]
STATE_CHOICES = [("open", "open"), *STATES.items()]
WRITE_ERRORS = {**LIST_ERRORS, 409: OpenApiResponse(KnownAlready, description="A rule says no.")}


class LongJSONParser(ShortJSONParser):
    """JSON with the words of somebody who has something to tell: four thousand characters, also escaped."""

    most_bytes = 64 * 1024


class BehaviourList(GenericAPIView[Any]):
    """What can be complained about."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "public"
    metadata_class = None
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        operation_id="complaint_behaviours",
        tags=TAGS,
        auth=[],
        responses={
            200: BehaviourShape(many=True),
            429: OpenApiResponse(Problem, description="Too many questions from this address: wait."),
        },
    )
    def get(self, request: Request) -> Response:
        """List the behaviours, their clauses, and their words in both languages. Public."""
        return Response(behaviours_json())


class ComplaintFilter(django_filters.FilterSet):
    """Complaints by how far they have come, what they are about, where and since when."""

    state = django_filters.ChoiceFilter(
        method="by_state", choices=STATE_CHOICES, label="A state, or open: not closed yet. Left out: all."
    )
    behaviour = django_filters.ChoiceFilter(choices=BEHAVIOUR_CHOICES)
    area = django_filters.CharFilter(method="by_area", label="Code of an area: it and all below it.")
    since = django_filters.DateFilter(method="by_since", label="Received on that date or later.")
    until = django_filters.DateFilter(method="by_until", label="Received on that date or earlier.")
    late = django_filters.BooleanFilter(method="by_late", label="Past the limit of the present step, or not.")
    external_id = django_filters.CharFilter(max_length=80, label="The number at the sender.")
    sent = django_filters.BooleanFilter(
        method="by_sender",
        label="true: what the account itself has sent, and not what its office handles.",
    )

    class Meta:
        model = Complaint
        fields: list[str] = []

    def by_state(self, rows: Any, name: str, value: str) -> QuerySet[Complaint]:
        """Open ones, or those in one state."""
        del name
        return rows.filter(state__in=OPEN) if value == "open" else rows.filter(state=State(value))

    def by_area(self, rows: Any, name: str, value: str) -> QuerySet[Complaint]:
        """Inside that area."""
        del name
        first, after = codes_below(value)
        return rows.filter(area__code__gte=first, area__code__lt=after)

    def by_since(self, rows: Any, name: str, value: Any) -> QuerySet[Complaint]:
        """From 00:00 of that date."""
        del name
        return rows.filter(received_at__gte=clock.midnight(value))

    def by_until(self, rows: Any, name: str, value: Any) -> QuerySet[Complaint]:
        """The whole of that date too."""
        del name
        return rows.filter(received_at__date__lte=value)

    def by_late(self, rows: Any, name: str, value: bool) -> QuerySet[Complaint]:
        """Late at this moment, by the clock."""
        del name
        late = Complaint.objects.late(clock.now()).values("pk")
        return rows.filter(pk__in=late) if value else rows.exclude(pk__in=late)

    def by_sender(self, rows: Any, name: str, value: bool) -> QuerySet[Complaint]:
        """Seen to in `ComplaintList.get_queryset`, which chooses among the two."""
        del name, value
        return rows


class ComplaintList(ListView):
    """Complaints; a new one."""

    queryset = Complaint.objects.all()
    filterset_class = ComplaintFilter
    parser_classes = (LongJSONParser,)
    to_read = Ability.FILE_COMPLAINTS
    to_write = Ability.FILE_COMPLAINTS

    def get_queryset(self) -> QuerySet[Complaint]:
        """What the caller's office handles; what the account sent, for one that only files, or on request."""
        if self.staff.may(Ability.HANDLE_COMPLAINTS) and self.request.query_params.get("sent") != "true":
            return written(Complaint.objects.visible_to(self.staff))
        return written(Complaint.objects.filter(filed_by=self.staff))

    def as_json(self, row: Complaint) -> dict[str, Any]:
        """One line."""
        return line_json(row, clock.now())

    @extend_schema(
        operation_id="complaints", tags=TAGS, responses={200: ComplaintLine(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List complaints: those that the account's office handles, or those that it sent itself."""
        return self.page()

    @extend_schema(
        operation_id="complaint_file",
        tags=TAGS,
        request=ComplaintInput,
        responses={201: ReceiptShape, **WRITE_ERRORS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """File a complaint for somebody. The answer carries the receipt: number and secret, once."""
        at = clock.now()
        filing = placed(filing_of(self.checked(ComplaintInput).validated_data), at)
        try:
            receipt = file_complaint(filing, token=secrets.token_urlsafe(24), by=self.staff, at=at)
        except RuleViolation as violation:
            return self._known(violation, filing.external_id)
        return Response(receipt_json(receipt), status=201)

    def _known(self, violation: RuleViolation, external_id: str) -> Response:
        """The refusal, with the number of the complaint that this account sent before."""
        response = refusal(violation)
        earlier = Complaint.objects.filter(filed_by=self.staff, external_id=external_id).first()
        if violation.code == "known_already" and earlier:
            response.data["number"] = earlier.number
        return response


class OneComplaint(SystemView):
    """Base of what is about one complaint: at the caller's office, or sent by the account itself."""

    queryset = Complaint.objects.all()
    parser_classes = (LongJSONParser,)
    to_read = Ability.FILE_COMPLAINTS
    to_write = Ability.HANDLE_COMPLAINTS

    def handled(self, number: str) -> Complaint | None:
        """The complaint, where the caller's office handles it or stands above whoever does."""
        found = with_steps(Complaint.objects.visible_to(self.staff)).filter(number=number)
        return found.first()

    def handled_or_404(self, number: str) -> Complaint:
        """The complaint at the caller's office. Raises Http404 for every other one."""
        complaint = self.handled(number)
        if complaint is None:
            raise Http404
        return complaint

    def sent_or_404(self, number: str) -> Complaint:
        """The complaint that the account itself sent. Raises Http404 for every other one."""
        found = with_steps(Complaint.objects.filter(filed_by=self.staff)).filter(number=number)
        complaint = found.first()
        if complaint is None:
            raise Http404
        return complaint

    def look(self, complaint: Complaint) -> None:
        """Write down that the account reads the case."""
        note_look(
            complaint,
            by=self.staff,
            at=clock.now(),
            what=LookedAt.CASE,
            address=self.request.META.get("REMOTE_ADDR"),
        )

    def acted(self, number: str, *, handled: bool) -> Response:
        """The complaint as it stands after what was done; it may lie at another office now.

        Whoever handles it reads the case in the answer: that look is written down as well.
        """
        complaint = with_steps(Complaint.objects.filter(number=number)).get()
        if handled:
            self.look(complaint)
        return Response({"complaint": complaint_json(complaint, clock.now(), handled=handled)})


class ComplaintDetail(OneComplaint):
    """One complaint."""

    @extend_schema(
        operation_id="complaint",
        tags=TAGS,
        responses={200: ComplaintShape, **RETRIEVE_ERRORS},
    )
    def get(self, request: Request, number: str) -> Response:
        """A complaint with its steps, its limit and its outcome. A handler's look is written down."""
        complaint = self.handled(number)
        if complaint is not None:
            self.look(complaint)
            return Response(complaint_json(complaint, clock.now(), handled=True))
        return Response(complaint_json(self.sent_or_404(number), clock.now(), handled=False))


class ComplaintAccept(OneComplaint):
    """Accepting."""

    @extend_schema(
        operation_id="complaint_accept",
        tags=TAGS,
        request=AcceptInput,
        responses={200: ComplaintActed, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Take a complaint on; the clock of the answer runs since it was received."""
        said = self.checked(AcceptInput).validated_data
        complaint = self.handled_or_404(number)
        handling.accept(complaint=complaint, is_complex=said["complex"], by=self.staff, at=clock.now())
        return self.acted(number, handled=True)


class ComplaintAnswerVerb(OneComplaint):
    """Answering."""

    @extend_schema(
        operation_id="complaint_answer",
        tags=TAGS,
        request=TextInput,
        responses={200: ComplaintActed, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Answer the complainant, who then has the word."""
        said = self.checked(TextInput).validated_data
        complaint = self.handled_or_404(number)
        handling.answer(complaint=complaint, text=said["text"], by=self.staff, at=clock.now())
        return self.acted(number, handled=True)


class ComplaintSendBack(OneComplaint):
    """Sending back."""

    @extend_schema(
        operation_id="complaint_send_back",
        tags=TAGS,
        request=SendBackInput,
        responses={200: ComplaintActed, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Send a referred complaint back to the office that referred it, with a reason."""
        said = self.checked(SendBackInput).validated_data
        complaint = self.handled_or_404(number)
        handling.send_back(complaint=complaint, reason=said["reason"], by=self.staff, at=clock.now())
        return self.acted(
            number, handled=Complaint.objects.visible_to(self.staff).filter(number=number).exists()
        )


class ComplaintClose(OneComplaint):
    """Closing."""

    @extend_schema(
        operation_id="complaint_close",
        tags=TAGS,
        request=CloseInput,
        responses={200: ComplaintActed, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Close what the complainant, or somebody other than the author of the answer, has verified."""
        said = self.checked(CloseInput).validated_data
        complaint = self.handled_or_404(number)
        outcome = Outcome(said["outcome"]) if said.get("outcome") else None
        handling.close(complaint=complaint, outcome=outcome, by=self.staff, at=clock.now())
        return self.acted(number, handled=True)


class ComplaintAdd(OneComplaint):
    """Adding something for the caller."""

    to_write = Ability.FILE_COMPLAINTS

    @extend_schema(
        operation_id="complaint_add",
        tags=TAGS,
        request=TextInput,
        responses={200: ComplaintActed, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Add what the complainant said since, to a complaint that this account has sent."""
        said = self.checked(TextInput).validated_data
        complaint = self.sent_or_404(number)
        add(complaint=complaint, text=said["text"], at=clock.now())
        return self.acted(number, handled=False)
