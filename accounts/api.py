"""What every address of the API for other systems shares, and the list of areas.

Who: a token (or a logged-in member of staff), inside its own area. How it says no: `exception_handler`.
How it pages: `KeyPages`. Every POST is `idempotent` (accounts/idempotency.py).
"""

import datetime as dt
from typing import Any, NoReturn, TypeVar, cast

import django_filters
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status, views
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle

from accounts.models import ApiToken, Area, Office, User
from accounts.rules import DEPARTMENTS, LEVEL_NAMES, Ability, codes_below
from policy import clock
from policy.api import Refusal, ShortJSONParser, StrictSerializer
from policy.calculator import refusal_as_json
from policy.refusals import BadInput, RuleViolation

Input = TypeVar("Input", bound=StrictSerializer)

PAGE_SIZE = 50
LARGEST_PAGE = 200


# ── how it says no ───────────────────────────────────────────────────────────────────────────────


class Described(serializers.Serializer[Any]):
    """A shape that only the schema reads: the answers are plain dictionaries."""

    def to_internal_value(self, data: Any) -> NoReturn:
        """Never asked."""
        raise NotImplementedError


class Problem(Described):
    """Why there is no answer."""

    code = serializers.CharField()
    detail = serializers.CharField()


MISTAKES = OpenApiResponse(
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    description="Malformed input: the name of each field with its sentences.",
)
REFUSED = OpenApiResponse(
    Refusal, description="A rule, or the state of the record, says no. `code` is for machines."
)
LIST_ERRORS: dict[int, Any] = {
    400: MISTAKES,
    401: OpenApiResponse(Problem, description="No key, or one that is not known or was revoked."),
    403: OpenApiResponse(Problem, description="The account has no area, or its roles do not allow this."),
    429: OpenApiResponse(Problem, description="Too many calls: wait as long as Retry-After says."),
}
NOT_FOUND = OpenApiResponse(Problem, description="There is no such record, or it lies outside your area.")
RETRIEVE_ERRORS = {**LIST_ERRORS, 404: NOT_FOUND}
CREATE_ERRORS = {**LIST_ERRORS, 409: REFUSED}
ACT_ERRORS = {**RETRIEVE_ERRORS, 409: REFUSED}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as JSON: 400 names the fields, 409 the clause, all others a code and a sentence."""
    if isinstance(exc, RuleViolation):
        return refusal(exc)
    if isinstance(exc, BadInput):
        exc = exceptions.ValidationError({exc.field or "non_field_errors": [str(exc.sentence)]})
    response = views.exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        if isinstance(response.data, list):
            response.data = {"non_field_errors": response.data}
        return response
    response.data = _problem(exc)
    return response


def refusal(violation: RuleViolation) -> Response:
    """409 with code, clause and sentence, and the field that is to blame, if one is."""
    body: dict[str, Any] = {**refusal_as_json(violation)}
    if violation.field:
        body["field"] = violation.field
    return Response(body, status=status.HTTP_409_CONFLICT)


def _problem(exc: Exception) -> dict[str, str]:
    if isinstance(exc, Http404 | exceptions.NotFound):
        return {"code": "not_found", "detail": _("There is no such record, or it lies outside your area.")}
    if isinstance(exc, DjangoPermissionDenied):
        return {"code": "permission_denied", "detail": str(exc)}
    if isinstance(exc, exceptions.APIException):
        return {"code": str(exc.get_codes()), "detail": str(exc.detail)}
    raise TypeError(exc)


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str = "") -> JsonResponse:
    """The answer below /api/v1/ where no other address fits."""
    del request, rest
    sentence = _("There is nothing at this address; addresses of the API end with a slash.")
    return JsonResponse(
        {"code": "not_found", "detail": sentence}, status=404, json_dumps_params={"ensure_ascii": False}
    )


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


class HasAbility(BasePermission):
    """The account has an area, and a role that carries what the method needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Let in, or say why not; without any account the framework answers 401."""
        user = request.user
        if not isinstance(user, User):
            return False
        if user.area is None:
            raise exceptions.PermissionDenied(gettext_lazy("This account has no area."), code="no_area")
        needed = view.to_read if request.method in SAFE_METHODS else view.to_write
        if not user.may(needed):
            raise exceptions.PermissionDenied(
                gettext_lazy("The roles of this account do not allow this."), code="role"
            )
        return True


class TokenThrottle(ScopedRateThrottle):
    """So many calls a minute for each token, so that one busy system does not starve another."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """The token; for staff who are logged in, the account."""
        if isinstance(request.auth, ApiToken):
            return str(self.cache_format % {"scope": self.scope, "ident": f"token-{request.auth.pk}"})
        return super().get_cache_key(request, view)


class SystemView(GenericAPIView[Any]):
    """Base of every address for other systems; `to_read` and `to_write` name the ability needed."""

    permission_classes = (HasAbility,)
    parser_classes = (ShortJSONParser,)
    throttle_classes = (TokenThrottle,)
    throttle_scope = "system"
    metadata_class = None  # the schema says more, and what OPTIONS would say is guessed from a serializer
    to_read = Ability.SEE_CASES
    to_write = Ability.WORK_CASES

    @property
    def staff(self) -> User:
        """The account that calls."""
        return cast(User, self.request.user)

    @cached_property
    def today(self) -> dt.date:
        """The civil date in Asia/Shanghai, read once for the call."""
        return clock.today()

    def checked(self, shape: type[Input]) -> Input:
        """The body of the call, valid. Raises ValidationError with the fields to mend."""
        asked = shape(data=self.request.data, context={"user": self.staff, "today": self.today})
        asked.is_valid(raise_exception=True)
        return asked


class TokenScheme(OpenApiAuthenticationExtension):
    """Bearer keys in the schema."""

    target_class = "accounts.tokens.TokenAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """As OpenAPI writes it."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The key of a system: `manage.py issue_token USERNAME NAME` prints it once.",
        }


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


class KeyPages(CursorPagination):
    """Pages by a unique indexed column of digits: each begins behind the last row of the one before."""

    page_size = PAGE_SIZE
    max_page_size = LARGEST_PAGE
    page_size_query_param = "page_size"
    ordering = "id"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor, with a position that the column can have."""
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except exceptions.NotFound as error:
            raise bad_cursor() from error
        if cursor is None:
            return None
        position = str(cursor.position or "")
        if not (position.isascii() and position.isdigit() and len(position) < 19):
            raise bad_cursor()
        if cursor.offset:  # only columns with equal values need one, and it costs as many rows
            raise bad_cursor()
        return cursor

    def get_previous_link(self) -> str | None:
        """None on an empty page: without a row there is nothing to look back from."""
        link: str | None = super().get_previous_link() if self.page else None
        return link


def bad_cursor() -> exceptions.ValidationError:
    """For a cursor that no answer of ours has carried."""
    return exceptions.ValidationError({"cursor": [_("Take the cursor from `next` or `previous`.")]})


class CodePages(KeyPages):
    """Pages of areas."""

    ordering = "code"


class ListView(SystemView):
    """A list: filtered, in pages, each row written by `as_json`."""

    pagination_class: Any = KeyPages

    def as_json(self, row: Any) -> dict[str, Any]:
        """One row of the answer."""
        raise NotImplementedError

    def page(self) -> Response:
        """The page that the address asks for."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([self.as_json(row) for row in rows or []])


# ── areas ────────────────────────────────────────────────────────────────────────────────────────


class AreaShape(Described):
    """An area inside that of the caller."""

    code = serializers.CharField(help_text="Administrative code; it begins with that of the area above.")
    name = serializers.CharField()
    level = serializers.ChoiceField(list(LEVEL_NAMES.items()))


class AreaFilter(django_filters.FilterSet):
    """What the list of areas can be narrowed down to."""

    level = django_filters.ChoiceFilter(choices=list(LEVEL_NAMES.items()))
    under = django_filters.CharFilter(method="by_code", label="Code of an area: it and all below it.")

    class Meta:
        model = Area
        fields: list[str] = []

    def by_code(self, rows: QuerySet[Area], name: str, value: str) -> QuerySet[Area]:
        """That area and everything below it."""
        del name
        first, after = codes_below(value)
        return rows.filter(code__gte=first, code__lt=after)


class AreaList(ListView):
    """The areas in which the caller sees anything."""

    queryset = Area.objects.all()
    pagination_class = CodePages
    filterset_class = AreaFilter

    def get_queryset(self) -> QuerySet[Area]:
        """The caller's area and those below it."""
        return Area.objects.visible_to(self.staff)

    def as_json(self, row: Area) -> dict[str, Any]:
        """One area."""
        return {"code": row.code, "name": row.name, "level": row.level}

    @extend_schema(
        operation_id="areas", tags=["places"], responses={200: AreaShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List the caller's own area and those below it, by code."""
        return self.page()


# ── offices ──────────────────────────────────────────────────────────────────────────────────────


class OfficeShape(Described):
    """An office of an area inside that of the caller."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    area = serializers.CharField(help_text="Administrative code.")
    department = serializers.ChoiceField(list(DEPARTMENTS.items()))
    above = serializers.IntegerField(allow_null=True, help_text="The office above it; null at the top.")
    duty_phone = serializers.CharField()


class OfficeFilter(AreaFilter):
    """What the list of offices can be narrowed down to."""

    level = None
    department = django_filters.ChoiceFilter(choices=list(DEPARTMENTS.items()))

    class Meta:
        model = Office
        fields: list[str] = []

    def by_code(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The offices of that area and of everything below it."""
        del name
        first, after = codes_below(value)
        return rows.filter(area__code__gte=first, area__code__lt=after)


class OfficeList(ListView):
    """The offices of the caller's area."""

    queryset = Office.objects.all()
    filterset_class = OfficeFilter

    def get_queryset(self) -> QuerySet[Any]:
        """Those of the caller's area and of the areas below it."""
        columns = ("id", "name", "area__code", "department", "parent_id", "duty_phone")
        return Office.objects.visible_to(self.staff).values(*columns)

    def as_json(self, row: dict[str, Any]) -> dict[str, Any]:
        """One office."""
        return {
            "id": row["id"],
            "name": row["name"],
            "area": row["area__code"],
            "department": row["department"],
            "above": row["parent_id"],
            "duty_phone": row["duty_phone"],
        }

    @extend_schema(
        operation_id="offices", tags=["places"], responses={200: OfficeShape(many=True), **LIST_ERRORS}
    )
    def get(self, request: Request) -> Response:
        """List the offices of the caller's own area and of those below it: who handles complaints."""
        return self.page()
