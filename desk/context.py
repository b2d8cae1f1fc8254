"""What every page of the staff shows around its content: navigation, office, edition, demo clock.

All of it is lazy: a fragment, a printed list or a public page that shows none of it costs no query. The
navigation costs two, and nobody who is not logged in costs any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Func, IntegerField, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language, pgettext_lazy

from accounts.models import User
from accounts.rules import Ability
from cases.models import Episode
from desk.today_complaints import own_clocks
from notices.models import unread_count
from policy import clock
from policy.models import EditionActivation


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation. Its glyph is the character by which the page is known."""

    url_name: str
    glyph: str
    label: str | Promise
    ability: Ability | tuple[Ability, ...] | None = None
    """Who sees it: whoever has the ability, or one of them."""
    more: bool = False
    """On a phone it stands in the sheet with further pages."""
    unless: Ability | None = None
    """It stands in the sheet only for whoever has this ability: the others have the room in front."""
    subject: str = ""
    """What it is about; between two subjects stands a line."""


ENTRIES = (
    Entry(
        "today",
        "今",
        pgettext_lazy("navigation", "Today"),
        (Ability.SEE_CASES, Ability.HANDLE_COMPLAINTS),
    ),
    Entry(
        "complaints",
        "诉",
        pgettext_lazy("navigation", "Complaints"),
        Ability.HANDLE_COMPLAINTS,
        unless=Ability.WORK_CASES,
    ),
    Entry("register", "册", pgettext_lazy("navigation", "Register"), Ability.SEE_CASES),
    Entry("register-new", "登", pgettext_lazy("navigation", "Register a person"), Ability.WORK_CASES),
    Entry("needs", "供", pgettext_lazy("navigation", "Needs"), (Ability.WORK_SUPPLIES, Ability.TAKE_CALLS)),
    Entry("inbox", "信", pgettext_lazy("navigation", "Inbox")),
    Entry(
        "zones",
        "区",
        pgettext_lazy("navigation", "High-risk zones"),
        Ability.SEE_CASES,
        more=True,
        subject="cases",
    ),
    Entry(
        "infections",
        "阳",
        pgettext_lazy("navigation", "Infections"),
        Ability.SEE_CASES,
        more=True,
        subject="cases",
    ),
    Entry(
        "compounds",
        "楼",
        pgettext_lazy("navigation", "Compounds"),
        Ability.SEE_CASES,
        more=True,
        subject="cases",
    ),
    Entry(
        "import", "导", pgettext_lazy("navigation", "Import"), Ability.WORK_CASES, more=True, subject="cases"
    ),
    Entry(
        "handovers",
        "移",
        pgettext_lazy("navigation", "Handovers"),
        Ability.SEE_CASES,
        more=True,
        subject="cases",
    ),
    Entry(
        "calls", "话", pgettext_lazy("navigation", "Calls"), Ability.TAKE_CALLS, more=True, subject="supplies"
    ),
    Entry(
        "key-persons",
        "重",
        pgettext_lazy("navigation", "Key persons"),
        Ability.WORK_SUPPLIES,
        more=True,
        subject="supplies",
    ),
    Entry(
        "rounds",
        "送",
        pgettext_lazy("navigation", "Delivery rounds"),
        Ability.WORK_SUPPLIES,
        more=True,
        subject="supplies",
    ),
    Entry(
        "stock",
        "库",
        pgettext_lazy("navigation", "Stock"),
        Ability.WORK_SUPPLIES,
        more=True,
        subject="supplies",
    ),
    Entry(
        "medical-needs",
        "医",
        pgettext_lazy("navigation", "Medical access"),
        Ability.WORK_SUPPLIES,
        more=True,
        subject="supplies",
    ),
    Entry(
        "counsels",
        "心",
        pgettext_lazy("navigation", "Psychological support"),
        Ability.COUNSEL,
        more=True,
        subject="supplies",
    ),
    Entry(
        "complaint-call",
        "听",
        pgettext_lazy("navigation", "Take a complaint"),
        Ability.FILE_COMPLAINTS,
        more=True,
        subject="complaints",
    ),
    Entry(
        "orders",
        "督",
        pgettext_lazy("navigation", "Supervision orders"),
        Ability.ANSWER_ORDERS,
        more=True,
        subject="complaints",
    ),
    Entry(
        "publications",
        "曝",
        pgettext_lazy("navigation", "Public naming"),
        Ability.HANDLE_COMPLAINTS,
        more=True,
        subject="complaints",
    ),
    Entry(
        "audit",
        "查",
        pgettext_lazy("navigation", "Self-audit"),
        Ability.HANDLE_COMPLAINTS,
        more=True,
        subject="complaints",
    ),
    Entry(
        "figures",
        "数",
        pgettext_lazy("navigation", "Figures"),
        Ability.SEE_FIGURES,
        more=True,
        subject="figures",
    ),
    Entry(
        "statistics",
        "统",
        pgettext_lazy("navigation", "Statistics"),
        Ability.SEE_FIGURES,
        more=True,
        subject="figures",
    ),
    Entry("risk", "公", pgettext_lazy("navigation", "Public list of zones"), more=True, subject="figures"),
    Entry("policy", "规", pgettext_lazy("navigation", "Policy"), more=True, subject="figures"),
    Entry("calculator", "算", pgettext_lazy("navigation", "Calculator"), more=True, subject="figures"),
)


BELOW = frozenset(
    {
        "needs",
        "calls",
        "key-persons",
        "rounds",
        "stock",
        "medical-needs",
        "counsels",
        "inbox",
        "import",
        "figures",
        "infections",
        "zones",
        "compounds",
        "statistics",
        "complaint-call",
        "complaints",
        "orders",
        "publications",
    }
)
"""Entries whose further pages stand below their own address."""
APART = ("complaint-call", "publications", "audit")
"""What stands below the complaint desk, and is an entry of its own."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the frame of a page counts."""

    late: int
    unread: int
    edition: str


def staff_frame(request: HttpRequest) -> dict[str, Any]:
    """The context that `base.html` expects; see docs/look.md."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "navigation": _lazy(_navigation, request, user),
        "office": _lazy(_office, user),
        "edition_name": _lazy(lambda: numbers_of(request).edition),
        "edition_url": _address("policy"),
        "register_url": _lazy(_if_may, user, Ability.SEE_CASES, "register"),
        "search_url": _lazy(_if_may, user, Ability.SEE_CASES, "register-search"),
        "demo_clock": _lazy(_demo_clock),
    }


def numbers_of(request: HttpRequest) -> Numbers:
    """Late, unread and the edition in force, read once per request in two queries.

    Late are people whom we owe something, and for a complaint officer their own clocks.
    """
    known: Numbers | None = getattr(request, "desk_numbers", None)
    if known is None:
        user: User = request.user  # type: ignore[assignment]
        late, edition = _late_and_edition(user)
        known = Numbers(late=late, unread=unread_count(user) if user.area_id else 0, edition=edition)
        request.desk_numbers = known  # type: ignore[attr-defined]
    return known


def _late_and_edition(user: User) -> tuple[int, str]:
    today = clock.today()
    late: QuerySet[Any] = Episode.objects.visible_to(user).overdue(today)
    if not user.may(Ability.SEE_CASES):
        at = clock.now()
        late = own_clocks(user, at).late(at) if user.may(Ability.HANDLE_COMPLAINTS) else late.none()
    in_force = (
        EditionActivation.objects.filter(from_on__lte=today).order_by("-pk").annotate(late=_count(late))
    )
    found = in_force.values_list("late", "edition__title_zh", "edition__title_en").first()
    if found is None:
        return 0, ""
    count, title_zh, title_en = found
    return count or 0, title_zh if (get_language() or "").startswith("zh") else title_en


def _count(rows: QuerySet[Any]) -> Subquery:
    """The number of these rows as a column of another query."""
    counted = rows.order_by().annotate(how_many=Func("pk", function="COUNT", output_field=IntegerField()))
    return Subquery(counted.values("how_many"))


def _navigation(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    numbers = numbers_of(request)
    counts = {"today": numbers.late, "inbox": numbers.unread}
    match = request.resolver_match
    here = match.url_name if match else ""
    shown: list[dict[str, Any]] = []
    subject = ""
    for entry in ENTRIES:
        address = _address(entry.url_name)
        if address and _may(user, entry):
            shown.append(
                {
                    "glyph": entry.glyph,
                    "label": entry.label,
                    "url": address,
                    "count": counts.get(entry.url_name, 0),
                    "late": entry.url_name == "today",
                    "current": here == entry.url_name or _below(request.path, entry),
                    "more": entry.more or (entry.unless is not None and user.may(entry.unless)),
                    "apart": bool(shown) and entry.subject != subject,
                }
            )
            subject = entry.subject
    if user.is_staff and user.may(Ability.SUPERVISE):
        shown.append(
            {
                "glyph": "管",
                "label": pgettext_lazy("navigation", "Admin"),
                "url": reverse("admin:index"),
                "more": True,
            }
        )
    return shown


def _may(user: User, entry: Entry) -> bool:
    if entry.ability is None:
        return True
    abilities = entry.ability if isinstance(entry.ability, tuple) else (entry.ability,)
    return any(user.may(ability) for ability in abilities)


def _below(path: str, entry: Entry) -> bool:
    """Whether the page lies below the entry's: a message in the inbox, an import under way."""
    if entry.url_name == "register":
        return path.startswith("/episodes/")
    if entry.url_name == "complaints" and any(path.startswith(_address(name)) for name in APART):
        return False
    return entry.url_name in BELOW and path.startswith(_address(entry.url_name))


def _office(user: User) -> str:
    return user.area.name if user.area else ""


def _demo_clock() -> dict[str, Any] | None:
    if settings.DEMO_CLOCK_FILE is None:
        return None
    return {
        "today": clock.today(),
        "shifted": clock.shifted_days() != 0,
        "url": reverse("demo-clock"),
    }


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _if_may(user: User, ability: Ability, url_name: str) -> str:
    return _address(url_name) if user.may(ability) else ""


def _lazy(make: Callable[..., Any], *args: Any) -> Any:
    return SimpleLazyObject(partial(make, *args))
