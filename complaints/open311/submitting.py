"""Reading a service request that is posted, and filing it.

Coordinates are accepted and never kept: a point on a map can name a home. The place is what the words say,
and the area that is named.
"""

import datetime as dt
import hashlib
import re
import secrets
import unicodedata
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from accounts.models import ApiToken, Area
from accounts.rules import Ability
from accounts.tokens import token_of
from cases.rules import tidy_phone
from complaints.actions.filing import ComplainantFacts, Filing, Receipt, file_complaint
from complaints.open311.services import AREA, ATTRIBUTES, ORDERED_BY, ORDERED_CODE, SINCE, WHOM_CODE
from complaints.open311.writing import Open311Error
from complaints.placed import placed
from complaints.rules.behaviours import BY_CODE
from complaints.rules.words import ORDERED, WHOM, Ordered, Source, Whom
from policy.refusals import BadInput, RuleViolation
from zones.models import Compound

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 64 * 1024
LONGEST = {"description": 4000, "address_string": 200, "email": 254, "phone": 30, ORDERED_BY: 200}
LONGEST_NAME = 60
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T.*)?", re.DOTALL)


def posted(request: HttpRequest) -> QueryDict:
    """The fields of the form. Raises Open311Error 400 for anything else, or for too much of it."""
    if request.content_type != FORM:
        raise Open311Error(400, _("Send the request as %(type)s.") % {"type": FORM})
    try:
        body = request.body
        if len(body) > MOST_BYTES:
            raise Open311Error(400, _("The request is too long."))
        return QueryDict(body, encoding="utf-8")
    except (RequestDataTooBig, SuspiciousOperation) as error:
        raise Open311Error(400, _("The request is too long.")) from error


def sender(fields: QueryDict) -> ApiToken:
    """Whose key it is. Raises Open311Error 403 where it is missing, unknown, or not for filing."""
    key = fields.get("api_key", "").strip()
    if not key:
        raise Open311Error(403, _("An api_key is needed to submit a request."))
    token = token_of(key)
    if token is None:
        raise Open311Error(403, _("This key is not known, or it was revoked."))
    if not token.user.may(Ability.FILE_COMPLAINTS):
        raise Open311Error(403, _("The roles of this account do not allow this."))
    return token


def submit(fields: QueryDict, token: ApiToken, *, repeat_key: str, at: dt.datetime) -> Receipt:
    """File it. `repeat_key`: the same fields sent again under it give the same receipt.

    Raises Open311Error with all that is wrong.
    """
    said = _Said(fields)
    filing = said.filing(token)
    if said.wrong:
        raise Open311Error(400, *said.wrong)
    try:
        form_token = _form_token(fields, token, repeat_key)
        return file_complaint(placed(filing, at), token=form_token, by=token.user, at=at)
    except (BadInput, RuleViolation) as refusal:
        raise Open311Error(400, refusal) from refusal


def _form_token(fields: QueryDict, token: ApiToken, repeat_key: str) -> str:
    """The token of the form: the caller's own key makes a repeated call the same form."""
    if not repeat_key:
        return secrets.token_urlsafe(24)
    told = sorted((name, tuple(fields.getlist(name))) for name in fields if name != "api_key")
    return hashlib.sha256(f"open311\0{token.user_id}\0{repeat_key}\0{told}".encode()).hexdigest()


class _Said:
    """The fields of one request, and what is wrong with them."""

    def __init__(self, fields: QueryDict) -> None:
        self.fields = fields
        self.wrong: list[str] = []

    def text(self, name: str, field: str = "") -> str:
        """A text without what a database or a page can't carry; too long is told."""
        raw = unicodedata.normalize("NFC", self.fields.get(field or name, ""))
        kept = "".join(each for each in raw if each in "\n\t" or unicodedata.category(each)[0] != "C")
        most = LONGEST.get(name, LONGEST_NAME)
        if len(kept.strip()) > most:
            self.wrong.append(
                _("%(field)s is longer than %(most)d characters.") % {"field": field or name, "most": most}
            )
        return kept.strip()[:most]

    def attribute(self, code: str) -> str:
        """The answer to an attribute of the service."""
        return self.text(code, f"attribute[{code}]")

    def filing(self, token: ApiToken) -> Filing:
        """The complaint, as far as it can be read. Raises Open311Error 404 for what does not exist."""
        self._check_attributes()
        code = self._service()
        compound = self._compound(token)
        area = self._area(token, compound)
        return Filing(
            behaviour=code,
            area=area,
            what_happened=self.text("description"),
            compound=compound,
            place=self.text("address_string"),
            whom=self._one_of(WHOM_CODE, WHOM, Whom.UNKNOWN),
            since_on=self._since(),
            ordered=self._one_of(ORDERED_CODE, ORDERED, Ordered.UNKNOWN),
            ordered_by=self.attribute(ORDERED_BY),
            complainant=self._complainant(),
            source=Source.OPEN311,
        )

    def _check_attributes(self) -> None:
        for name in self.fields:
            if name.startswith("attribute[") and name not in {f"attribute[{code}]" for code in ATTRIBUTES}:
                self.wrong.append(_("This service has an attribute that it does not ask for."))

    def _service(self) -> str:
        code = self.fields.get("service_code", "")
        if not code:
            raise Open311Error(400, _("service_code was not provided."))
        if code not in BY_CODE:
            raise Open311Error(404, _("service_code was not found."))
        if code == "other" and not self.text("description"):
            self.wrong.append(_("Please write what happened."))
        return code

    def _compound(self, token: ApiToken) -> Compound | None:
        """`address_id` is the number of a compound, as `/api/v1/places/compounds/` gives it."""
        key = self.fields.get("address_id", "").strip()
        if not key:
            return None
        places = Compound.objects.visible_to(token.user).select_related("community")
        found = (
            places.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
        )
        if found is None:
            self.wrong.append(_("address_id was not found."))
        return found

    def _area(self, token: ApiToken, compound: Compound | None) -> Area:
        """The area that is named, the narrowest first; the account's own where words tell the place."""
        named = self.attribute(AREA)
        jurisdiction = self.text("jurisdiction_id")
        areas = Area.objects.visible_to(token.user)
        inside = areas.filter(code=jurisdiction[:12]).first() if jurisdiction else token.user.area
        if inside is None:
            raise Open311Error(404, _("jurisdiction_id was not found."))
        if compound is not None:
            return self._within(inside, compound.community)
        if named:
            return self._within(inside, areas.filter(code=named[:12]).first())
        if not (self.fields.get("address_string", "").strip() or jurisdiction):
            self.wrong.append(
                _("Tell the place in address_string or attribute[area]: coordinates are not kept.")
            )
        return inside

    def _within(self, jurisdiction: Area, area: Area | None) -> Area:
        if area is None or not jurisdiction.covers(area):
            self.wrong.append(_("The area is not known, or it lies outside the jurisdiction."))
            return jurisdiction
        return area

    def _one_of(self, code: str, words: dict[Any, Any], otherwise: str) -> str:
        said = self.attribute(code)
        if said and said not in words:
            self.wrong.append(_("attribute[%(code)s] is none of its values.") % {"code": code})
        return said if said in words else otherwise

    def _since(self) -> dt.date | None:
        """The date, whether it comes alone or with a time."""
        said = self.attribute(SINCE)
        found = _DAY.fullmatch(said)
        try:
            return dt.date.fromisoformat(found.group(1) if found else said) if said else None
        except ValueError:
            self.wrong.append(_("attribute[since] is no date such as 2022-11-14."))
            return None

    def _complainant(self) -> ComplainantFacts:
        email = self.text("email")
        try:
            if email:
                validate_email(email)
        except ValidationError:
            self.wrong.append(_("email is no e-mail address."))
        name = f"{self.text('last_name')}{self.text('first_name')}"[:LONGEST_NAME]
        return ComplainantFacts(name=name, phone=tidy_phone(self.text("phone")), email=email)
