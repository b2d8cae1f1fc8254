"""The words of the register and the pure rules about persons and episodes: values in, values out."""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from policy.types import Mode


class IdKind(StrEnum):
    """The paper by which somebody is known. People without papers are registered too."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    PERMIT = "permit"
    OTHER = "other"
    NONE = "none"


ID_KINDS = {
    IdKind.RESIDENT_ID: _("resident ID card"),
    IdKind.PASSPORT: _("passport"),
    IdKind.PERMIT: _("residence or travel permit"),
    IdKind.OTHER: _("other paper"),
    IdKind.NONE: _("no paper"),
}


class Sex(StrEnum):
    """As the paper states it; unknown is allowed."""

    UNKNOWN = ""
    FEMALE = "female"
    MALE = "male"


SEXES = {Sex.UNKNOWN: _("not stated"), Sex.FEMALE: _("female"), Sex.MALE: _("male")}


class KeyMarkKind(StrEnum):
    """Why somebody is a key person (N二(十四), N二(十七)): needs care while under a rule."""

    OLD_AND_ALONE = "old_and_alone"
    CHILD_IN_DIFFICULTY = "child_in_difficulty"
    PREGNANT = "pregnant"
    UNDERLYING_DISEASE = "underlying_disease"
    DIALYSIS = "dialysis"
    DISABLED = "disabled"
    BEDRIDDEN = "bedridden"


KEY_MARKS = {
    KeyMarkKind.OLD_AND_ALONE: _("old and alone"),
    KeyMarkKind.CHILD_IN_DIFFICULTY: _("child in difficulty"),
    KeyMarkKind.PREGNANT: _("pregnant or after birth"),
    KeyMarkKind.UNDERLYING_DISEASE: _("underlying disease"),
    KeyMarkKind.DIALYSIS: _("dialysis"),
    KeyMarkKind.DISABLED: _("disabled"),
    KeyMarkKind.BEDRIDDEN: _("bedridden"),
}


class Place(StrEnum):
    """Where a person is, which is not what the rule allows (that is the stage)."""

    HOME = "home"
    SITE = "site"
    HOSPITAL = "hospital"


PLACES = {Place.HOME: _("at home"), Place.SITE: _("at an isolation site"), Place.HOSPITAL: _("in hospital")}


class HomeCheck(StrEnum):
    """Whether the home is suitable for home isolation, recorded before it starts (N三(一))."""

    UNCHECKED = "unchecked"
    SUITABLE = "suitable"
    UNSUITABLE = "unsuitable"


HOME_CHECKS = {
    HomeCheck.UNCHECKED: _("not checked yet"),
    HomeCheck.SUITABLE: _("suitable"),
    HomeCheck.UNSUITABLE: _("not suitable"),
}


class Ending(StrEnum):
    """How an episode ended, when it was not simply by the clock."""

    BY_THE_CLOCK = ""
    EARLY = "early"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"


ENDINGS = {
    Ending.BY_THE_CLOCK: _("by the clock"),
    Ending.EARLY: _("ended early"),
    Ending.WITHDRAWN: _("withdrawn, entered by mistake"),
    Ending.TRANSFERRED: _("transferred after a positive result"),
}


class Result(StrEnum):
    """What the laboratory, or the person at the door, answered."""

    NONE = ""
    NEGATIVE = "negative"
    POSITIVE = "positive"
    NOT_POSITIVE_BY_CT = "not_positive_by_ct"
    INCONCLUSIVE = "inconclusive"
    ABNORMAL_POOL = "abnormal_pool"
    REFUSED = "refused"


RESULTS = {
    Result.NONE: _("no result yet"),
    Result.NEGATIVE: _("negative"),
    Result.POSITIVE: _("positive"),
    Result.NOT_POSITIVE_BY_CT: _("not positive (Ct value)"),
    Result.INCONCLUSIVE: _("inconclusive"),
    Result.ABNORMAL_POOL: _("pooled tube abnormal"),
    Result.REFUSED: _("sample refused"),
}

# A sample with one of these says nothing: the test is planned again for the next free date.
RESULTS_TO_REPEAT = frozenset({Result.INCONCLUSIVE, Result.REFUSED})


class TestOrigin(StrEnum):
    """Why a test row exists."""

    __test__ = False

    PLANNED = ""
    REGISTERED_LATE = "registered_late"
    REPEAT = "repeat"
    RECHECK = "recheck"
    OUTSIDE = "outside"


TEST_ORIGINS = {
    TestOrigin.PLANNED: pgettext_lazy("test", "planned"),
    TestOrigin.REGISTERED_LATE: _("instead of tests missed before registration"),
    TestOrigin.REPEAT: _("planned again"),
    TestOrigin.RECHECK: _("re-check of an abnormal pool"),
    TestOrigin.OUTSIDE: _("taken elsewhere"),
}


class EventKind(StrEnum):
    """What can happen to an episode."""

    REGISTERED = "registered"
    GROUND_ADDED = "ground_added"
    EXPOSURE_UNCHANGED = "exposure_unchanged"
    ANCHOR_CORRECTED = "anchor_corrected"
    EDITION_CHANGED = "edition_changed"
    HOME_CHECKED = "home_checked"
    PLACED = "placed"
    SAMPLED = "sampled"
    SAMPLING_UNDONE = "sampling_undone"
    RESULT = "result"
    RESULT_UNDONE = "result_undone"
    TEST_PLANNED_AGAIN = "test_planned_again"
    TEST_DROPPED = "test_dropped"
    STAGE_BEGAN = "stage_began"
    TRANSFERRED = "transferred"
    HANDED_OVER = "handed_over"
    POSITIVE_CORRECTED = "positive_corrected"
    CODE_ASSIGNED = "code_assigned"
    CODE_LIFTED = "code_lifted"
    RELEASED = "released"
    TOLD = "told"
    ENDED_EARLY = "ended_early"
    WITHDRAWN = "withdrawn"
    HANDOVER_OFFERED = "handover_offered"
    HANDOVER_ACCEPTED = "handover_accepted"
    HANDOVER_GIVEN_BACK = "handover_given_back"
    CONTACT_ATTEMPTED = "contact_attempted"
    FACTS_CHANGED = "facts_changed"


EVENT_KINDS = {
    EventKind.REGISTERED: _("registered"),
    EventKind.GROUND_ADDED: _("later exposure: new ground"),
    EventKind.EXPOSURE_UNCHANGED: _("earlier exposure noted, nothing changes"),
    EventKind.ANCHOR_CORRECTED: _("date of the anchoring event corrected"),
    EventKind.EDITION_CHANGED: _("planned anew under another edition"),
    EventKind.HOME_CHECKED: _("home conditions recorded"),
    EventKind.PLACED: _("whereabouts recorded"),
    EventKind.SAMPLED: _("sampled"),
    EventKind.SAMPLING_UNDONE: _("sampling undone"),
    EventKind.RESULT: _("result recorded"),
    EventKind.RESULT_UNDONE: _("result undone"),
    EventKind.TEST_PLANNED_AGAIN: _("test planned again"),
    EventKind.TEST_DROPPED: _("test dropped"),
    EventKind.STAGE_BEGAN: _("next stage began"),
    EventKind.TRANSFERRED: _("positive: plan closed, to be transferred"),
    EventKind.HANDED_OVER: _("handed over to treatment"),
    EventKind.POSITIVE_CORRECTED: _("mistaken positive corrected, plan restored"),
    EventKind.CODE_ASSIGNED: _("health code assigned"),
    EventKind.CODE_LIFTED: _("health code lifted"),
    EventKind.RELEASED: _("released"),
    EventKind.TOLD: _("told of the release"),
    EventKind.ENDED_EARLY: _("ended early"),
    EventKind.WITHDRAWN: _("withdrawn"),
    EventKind.HANDOVER_OFFERED: _("handover offered"),
    EventKind.HANDOVER_ACCEPTED: _("handover accepted"),
    EventKind.HANDOVER_GIVEN_BACK: _("handover given back"),
    EventKind.CONTACT_ATTEMPTED: _("contact attempted"),
    EventKind.FACTS_CHANGED: _("file changed"),
}


class ContactOutcome(StrEnum):
    """What came of an attempt to reach a person."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    NO_SUCH_PERSON = "no_such_person"
    NOT_HERE = "not_here"


CONTACT_OUTCOMES = {
    ContactOutcome.REACHED: _("reached"),
    ContactOutcome.NO_ANSWER: _("not reached"),
    ContactOutcome.NO_SUCH_PERSON: _("no such person here"),
    ContactOutcome.NOT_HERE: _("not in this place"),
}

# How long after a failed attempt the next one is due: our own clock, no clause names one.
TRY_AGAIN_AFTER = {
    ContactOutcome.NO_ANSWER: dt.timedelta(hours=2),
    ContactOutcome.NO_SUCH_PERSON: dt.timedelta(hours=24),
    ContactOutcome.NOT_HERE: dt.timedelta(hours=24),
}


class HandoverState(StrEnum):
    """Where a handover between two communities stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    GIVEN_BACK = "given_back"


HANDOVER_STATES = {
    HandoverState.OFFERED: _("offered"),
    HandoverState.ACCEPTED: _("accepted"),
    HandoverState.GIVEN_BACK: pgettext_lazy("handover", "given back"),
}


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def tidy_person_name(written: str) -> str:
    """A name as it is stored: Chinese names without blanks, others with single ones."""
    name = unicodedata.normalize("NFKC", written).strip()
    if re.search(r"[一-鿿]", name):
        return "".join(name.split())
    return " ".join(name.split())


def tidy_number(written: str) -> str:
    """An ID number or phone without blanks and hyphens, narrow and in capitals."""
    return re.sub(r"[\s\-－—·.]", "", unicodedata.normalize("NFKC", written)).upper()


def tidy_phone(written: str) -> str:
    """A phone number as it is compared: digits only, without the country code of China."""
    number = re.sub(r"[^\d+]", "", unicodedata.normalize("NFKC", written))
    return re.sub(r"^(\+?86|0086)(?=1\d{10}$)", "", number)


def phone_doubt(phone: str) -> bool:
    """Whether a tidied phone looks like neither a mobile nor a landline number."""
    return not re.fullmatch(r"1[3-9]\d{9}|0?\d{2,3}\d{7,8}|\d{7,8}|\+\d{6,15}", phone)


_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class IdDoubt(StrEnum):
    """What is odd about a resident ID: a reason to confirm, never a wall."""

    SHAPE = "shape"
    BIRTH_DATE = "birth_date"
    CHECKSUM = "checksum"


ID_DOUBTS = {
    IdDoubt.SHAPE: _("A resident ID has 17 digits and a last digit or X; please compare it with the card."),
    IdDoubt.BIRTH_DATE: _(
        "The date of birth in this ID does not exist or is in the future; please check it."
    ),
    IdDoubt.CHECKSUM: _("The check digit of this ID does not fit; please compare it with the card."),
}


def birth_date_in(number: str) -> dt.date | None:
    """The date of birth that a resident ID carries, None when it is no real date."""
    try:
        return dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_in(number: str) -> Sex:
    """The sex that the 17th digit of a resident ID states (odd: male); unknown for any other number."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return Sex.UNKNOWN
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def resident_id_doubt(number: str, today: dt.date) -> IdDoubt | None:
    """The first thing that is odd about a tidied resident ID: shape, date of birth, check digit."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number):
        return IdDoubt.SHAPE
    born = birth_date_in(number)
    if born is None or born > today or born.year < 1880:
        return IdDoubt.BIRTH_DATE
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return None if "10X98765432"[total % 11] == number[17] else IdDoubt.CHECKSUM


def masked_id(number: str) -> str:
    """An ID as it is shown: 110105********1234; of shorter papers the first and the last two."""
    if len(number) == 18:
        return f"{number[:6]}{'*' * 8}{number[14:]}"
    if len(number) <= 4:
        return "*" * len(number)
    return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"


def masked_phone(number: str) -> str:
    """A phone as it is shown: 138****5678; of others the first three and the last two."""
    if len(number) == 11:
        return f"{number[:3]}****{number[7:]}"
    if len(number) <= 5:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}"


def name_grams(name: str) -> set[str]:
    """What a name is found by: each character and each pair of neighbours, without blanks, in small letters.

    Two-character Chinese names defeat trigram indexes; pairs serve every database alike.
    """
    letters = "".join(name.lower().split())
    return set(letters) | {letters[i : i + 2] for i in range(len(letters) - 1)}


def age_on(born_on: dt.date, on: dt.date) -> int:
    """Completed years."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


# ── episodes ─────────────────────────────────────────────────────────────────────────────────────


class State(StrEnum):
    """What an episode is on a date, by its dates alone."""

    DAY_ZERO = "day_zero"
    CENTRAL = "central"
    HOME = "home"
    MONITORING = "monitoring"
    ENDED = "ended"
    ENDED_EARLY = "ended_early"
    UNRESTRICTED = "unrestricted"
    WITHDRAWN = "withdrawn"
    AWAITING_TRANSFER = "awaiting_transfer"
    TRANSFERRED = "transferred"


STATES = {
    State.DAY_ZERO: _("day 0"),
    State.CENTRAL: _("central isolation"),
    State.HOME: _("home isolation"),
    State.MONITORING: _("home health monitoring"),
    State.ENDED: _("released"),
    State.ENDED_EARLY: _("ended early"),
    State.UNRESTRICTED: _("no restriction"),
    State.WITHDRAWN: _("withdrawn"),
    State.AWAITING_TRANSFER: _("positive, awaiting transfer"),
    State.TRANSFERRED: _("transferred to treatment"),
}

RESTRICTING_STATES = frozenset({State.DAY_ZERO, State.CENTRAL, State.HOME, State.MONITORING})


def state_on(
    on: dt.date,
    *,
    ending: str,
    restricted: bool,
    release_on: dt.date,
    mode: Mode | str | None,
    handed_over: bool,
) -> State:
    """The state of an episode on a date. `mode` is that of the stage covering the date, None for none.

    Only dates and recorded facts decide, never whether a worker process ran.
    """
    if ending == Ending.WITHDRAWN:
        return State.WITHDRAWN
    if ending == Ending.TRANSFERRED:
        return State.TRANSFERRED if handed_over else State.AWAITING_TRANSFER
    if not restricted:
        return State.UNRESTRICTED
    if on >= release_on:
        return State.ENDED_EARLY if ending == Ending.EARLY else State.ENDED
    return State(str(mode)) if mode else State.DAY_ZERO


class OverdueReason(StrEnum):
    """What we still owe a person whom the rule has already freed, or sent home."""

    CODE = "code"
    JOURNEY = "journey"
    NOTICE = "notice"


OVERDUE_REASONS = {
    OverdueReason.CODE: _("health code not lifted yet"),
    OverdueReason.JOURNEY: _("not yet brought home"),
    OverdueReason.NOTICE: _("not yet told of the release"),
}


@dataclass(frozen=True, slots=True)
class Overdue:
    """One thing overdue and the date since when; it names us as the cause, never the person."""

    reason: OverdueReason
    since: dt.date

    def days(self, on: dt.date) -> int:
        """Whole days late on that date, at least 0."""
        return max((on - self.since).days, 0)


def overdue_on(
    on: dt.date,
    *,
    ending: str,
    restricted: bool,
    release_on: dt.date,
    home_from: dt.date | None,
    place: str,
    code_lifted: bool,
    told: bool,
) -> list[Overdue]:
    """What is overdue on a date (promise 2): the state itself is long right, a side effect is undone.

    The code is due at 00:00 of the release date, so is the journey home (from the first day of home
    isolation); whoever was not told on the release date itself is told late from the next day.
    """
    if ending in (Ending.WITHDRAWN, Ending.TRANSFERRED) or not restricted:
        return []
    found = []
    if on >= release_on and not code_lifted:
        found.append(Overdue(OverdueReason.CODE, release_on))
    journey_due = min(release_on, home_from) if home_from else release_on
    if on >= journey_due and place == Place.SITE:
        found.append(Overdue(OverdueReason.JOURNEY, journey_due))
    if on > release_on and not told:
        found.append(Overdue(OverdueReason.NOTICE, release_on))
    return found


# ── infections ───────────────────────────────────────────────────────────────────────────────────


class Manifestation(StrEnum):
    """Whether an infected person is ill; it may not be known yet."""

    UNKNOWN = ""
    CONFIRMED = "confirmed"
    ASYMPTOMATIC = "asymptomatic"


MANIFESTATIONS = {
    Manifestation.UNKNOWN: _("not known yet"),
    Manifestation.CONFIRMED: _("confirmed case"),
    Manifestation.ASYMPTOMATIC: _("asymptomatic"),
}


class ContactKind(StrEnum):
    """In which way a close contact met the infected person."""

    HOUSEHOLD = "household"
    WORK = "work"
    CLASS = "class"
    MEAL = "meal"
    TRANSPORT = "transport"
    CARE = "care"
    ACTIVITY = "activity"
    OTHER = "other"


CONTACT_KINDS = {
    ContactKind.HOUSEHOLD: pgettext_lazy("contact", "same household"),
    ContactKind.WORK: pgettext_lazy("contact", "colleague"),
    ContactKind.CLASS: pgettext_lazy("contact", "same class or dormitory"),
    ContactKind.MEAL: pgettext_lazy("contact", "same table"),
    ContactKind.TRANSPORT: pgettext_lazy("contact", "same vehicle"),
    ContactKind.CARE: pgettext_lazy("contact", "care without protection"),
    ContactKind.ACTIVITY: pgettext_lazy("contact", "same room"),
    ContactKind.OTHER: pgettext_lazy("contact", "otherwise"),
}


class Spread(StrEnum):
    """What an assessment of spread concluded (N三(一))."""

    OPEN = ""
    NO_SPREAD = "no_spread"
    SPREAD = "spread"


SPREADS = {
    Spread.OPEN: pgettext_lazy("spread", "not judged yet"),
    Spread.NO_SPREAD: pgettext_lazy("spread", "no spread beyond the home"),
    Spread.SPREAD: pgettext_lazy("spread", "spread is possible"),
}


# ── inside a zone ────────────────────────────────────────────────────────────────────────────────


class Whereabouts(StrEnum):
    """Whether somebody registered in a sealed unit is inside it."""

    UNKNOWN = ""
    INSIDE = "inside"
    AWAY = "away"


WHEREABOUTS = {
    Whereabouts.UNKNOWN: pgettext_lazy("whereabouts", "not asked yet"),
    Whereabouts.INSIDE: pgettext_lazy("whereabouts", "inside"),
    Whereabouts.AWAY: pgettext_lazy("whereabouts", "left before the sealing"),
}


class DoorServiceKind(StrEnum):
    """What is brought or done at the door while nobody may go out (足不出户、上门服务)."""

    FOOD = "food"
    MEDICINE = "medicine"
    DOCTOR = "doctor"
    SAMPLING = "sampling"
    WASTE = "waste"
    CARE = "care"
    OTHER = "other"


DOOR_SERVICES = {
    DoorServiceKind.FOOD: pgettext_lazy("at the door", "food and daily goods"),
    DoorServiceKind.MEDICINE: pgettext_lazy("at the door", "medicine"),
    DoorServiceKind.DOCTOR: pgettext_lazy("at the door", "doctor"),
    DoorServiceKind.SAMPLING: pgettext_lazy("at the door", "sampling"),
    DoorServiceKind.WASTE: pgettext_lazy("at the door", "waste"),
    DoorServiceKind.CARE: pgettext_lazy("at the door", "care"),
    DoorServiceKind.OTHER: pgettext_lazy("at the door", "something else"),
}
