"""What a round shows: building by building, unit by unit, door by door, what is carried there and to whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import pgettext

from cases.rules import masked_phone
from supplies.forms.stock import new_key
from supplies.models import DeliveryRound, Need, NeedLine, Stop
from supplies.rules.delivery import FINAL, STOP_OUTCOMES, StopOutcome, takes_tick
from supplies.rules.names import masked_name
from supplies.rules.needs import NEED_KINDS, NeedKind
from supplies.rules.stock import plain


@dataclass(frozen=True, slots=True)
class StopRow:
    """One door."""

    stop: Stop
    building: str
    unit: str
    door: str
    name: str
    phone: str
    has_phone: bool
    lines: list[str]
    takes_tick: bool
    tick_id: str

    @property
    def outcome_label(self) -> str:
        """What happened, in words."""
        return str(STOP_OUTCOMES[StopOutcome(self.stop.outcome)])

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to go there."""
        return self.stop.outcome == StopOutcome.WAITING

    @property
    def is_final(self) -> bool:
        """With the resident, or back in the store."""
        return self.stop.outcome in FINAL


def stop_rows(delivery: DeliveryRound) -> list[StopRow]:
    """The stops of a round in the order of the walk; three queries."""
    related = ("need__person", "need__link", "need__unit__building", "need__community")
    rows = delivery.stops.select_related(*related).prefetch_related("need__link__people")
    stops = list(rows.order_by("position", "pk"))
    lines: dict[int, list[str]] = {}
    wanted = NeedLine.objects.filter(need__in=[stop.need_id for stop in stops]).select_related("item")
    for line in wanted.order_by("pk"):
        what = f"{line.item.name} {plain(line.quantity)} {line.item.unit}" if line.item else line.text
        lines.setdefault(line.need_id, []).append(what)
    return [_row(delivery, stop, lines.get(stop.need_id, [])) for stop in stops]


def _row(delivery: DeliveryRound, stop: Stop, lines: list[str]) -> StopRow:
    need = stop.need
    phone = need.telephone
    what = lines or ([need.text] if need.text else [str(NEED_KINDS[NeedKind(need.kind)])])
    return StopRow(
        stop=stop,
        building=need.unit.building.name if need.unit else "",
        unit=need.unit.name if need.unit else "",
        door=need.door,
        name=whom(need),
        phone=masked_phone(phone),
        has_phone=bool(phone),
        lines=what,
        takes_tick=takes_tick(delivery.state, stop.outcome),
        tick_id=new_key(),
    )


def whom(need: Need) -> str:
    """For whom it is, as whoever carries it reads it."""
    return masked_name(need.person.name) if need.person else pgettext("for whom", "the whole household")


def by_unit(rows: Iterable[StopRow]) -> list[tuple[str, list[StopRow]]]:
    """The rows under the name of their building and unit."""
    return [(name, list(some)) for name, some in groupby(rows, key=lambda row: f"{row.building}{row.unit}")]
