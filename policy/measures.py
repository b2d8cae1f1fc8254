"""政策与系统: each row of the rulebook, what this version does for it, where, and what it does not do yet.

One entry a row, in the order of the rulebook. Whoever builds a row edits its entry here: `does` says what
the software does (no numbers: those of a category stand in the edition), `missing` what this version leaves
out, `places` where it can be seen. A row without `does` is not built yet, and the page says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .types import Category, CategoryRule, Edition


class Status(StrEnum):
    """How far this version is with a row."""

    DONE = "done"
    PARTLY = "partly"
    LATER = "later"

    @property
    def label(self) -> str:
        """The word in the language of the reader."""
        return str(_STATUS_LABELS[self])


_STATUS_LABELS = {
    Status.DONE: pgettext_lazy("status of a rule", "works"),
    Status.PARTLY: pgettext_lazy("status of a rule", "works in part"),
    Status.LATER: pgettext_lazy("status of a rule", "not in this version yet"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the software does it: a page by its url name, for staff behind the login or for anyone."""

    label: Promise
    url_name: str
    staff: bool = False

    @property
    def url(self) -> str:
        """The address; "" while this installation has no such page."""
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the rulebook."""

    number: str
    clauses: tuple[str, ...]
    title: Promise
    does: Promise | None = None
    missing: Promise | None = None
    places: tuple[Place, ...] = ()
    category: Category | None = None
    """Whose rule the row is about: the page shows its numbers from the edition in force."""

    @property
    def status(self) -> Status:
        """Works, works in part, or not yet."""
        if self.does is None:
            return Status.LATER
        return Status.PARTLY if self.missing else Status.DONE


@dataclass(frozen=True, slots=True)
class RowWithRule:
    """A row beside the rule of its category in one edition, where it has one."""

    row: Row
    rule: CategoryRule | None


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one source."""

    title: Promise
    rows: tuple[RowWithRule, ...]


def measures(edition: Edition | None) -> list[Group]:
    """All rows in their groups, those about a category with their rule in the edition in force."""

    def beside(rows: Sequence[Row]) -> tuple[RowWithRule, ...]:
        return tuple(
            RowWithRule(row, edition.rule_for(row.category) if edition and row.category else None)
            for row in rows
        )

    return [
        Group(_("The Twenty Measures"), beside(MEASURES)),
        Group(_("Conditions of carrying them out"), beside(CONDITIONS)),
        Group(_("The press conference of 12 November 2022"), beside(PRESS)),
    ]


CALCULATOR = Place(_("How many days?"), "calculator")
TODAY = Place(_("Today's list"), "today", staff=True)
REGISTER = Place(_("Register of persons"), "register", staff=True)
REGISTRATION = Place(_("Register a person"), "register-new", staff=True)
IMPORT = Place(_("Import of a list"), "import", staff=True)
API = Place(_("API documentation"), "api-docs")
INFECTIONS = Place(_("Infections"), "infections", staff=True)
ZONES = Place(_("High-risk zones"), "zones", staff=True)
COMPOUNDS = Place(_("Compounds and their buildings"), "compounds", staff=True)
PUBLIC_ZONES = Place(_("High-risk zones now"), "risk")
STATISTICS = Place(_("Statistics of the area"), "statistics", staff=True)
COMPLAIN = Place(_("File a complaint"), "complain")
TRACK = Place(_("Follow a complaint"), "complain-track")
NAMINGS = Place(_("Named in public"), "namings")
GOOD_PRACTICE = Place(_("Good practice"), "good-practice")
COMPLAINT_FIGURES = Place(_("Figures of complaints"), "complain-figures")
COMPLAINTS = Place(_("Queue of complaints"), "complaints", staff=True)
ORDERS = Place(_("Supervision orders"), "orders", staff=True)
SELF_AUDIT = Place(_("Self-audit"), "audit", staff=True)
HOTLINES = Place(_("Hotlines"), "hotlines")
NEEDS = Place(_("Needs desk"), "needs", staff=True)
CALL_DESK = Place(_("Calls"), "calls", staff=True)
KEY_PERSONS = Place(_("Key persons"), "key-persons", staff=True)
STOCK = Place(_("Stock"), "stock", staff=True)
DEMAND = Place(_("Demand of sealed areas"), "demand", staff=True)
SUPPLIERS = Place(_("Suppliers"), "suppliers", staff=True)
SUPPLY_PLANS = Place(_("Supply plans"), "supply-plans", staff=True)
MUTUAL = Place(_("Mutual supply"), "mutual", staff=True)
ROUNDS = Place(_("Delivery rounds"), "rounds", staff=True)
HOSPITALS = Place(_("Hospitals and pharmacies"), "hospitals", staff=True)
MEDICAL = Place(_("Medical access"), "medical-needs", staff=True)
PRESCRIPTIONS = Place(_("Prescriptions"), "prescriptions", staff=True)

MEASURES: tuple[Row, ...] = (
    Row(
        "M1",
        ("二(一)", "发布会·密切接触者"),
        _("Close contacts"),
        does=_(
            "Makes the plan of days and tests from the date of the last exposure, shows it to everyone "
            "concerned, and ends it by the clock. Nobody can extend it. Contacts are entered from the page "
            "of the infection; only a later exposure moves an end out."
        ),
        places=(CALCULATOR, REGISTRATION, INFECTIONS, TODAY),
        category=Category.CLOSE_CONTACT,
    ),
    Row(
        "M2",
        ("二(二)", "发布会·次密接"),
        _("No contacts of contacts"),
        does=_(
            "Refuses to register a contact of a contact, in the form, in a list, and through the API. "
            "Measures the time until the contacts of each infection are judged, and shows it when it runs "
            "late."
        ),
        places=(CALCULATOR, REGISTRATION, IMPORT, INFECTIONS, STATISTICS),
    ),
    Row(
        "M3",
        ("二(三)", "发布会·外溢人员"),
        _("Spill-over persons"),
        does=_(
            "Plans the days at home from the date on which the zone was left. The page of a zone lists who "
            "is registered there and may have left before it was sealed."
        ),
        places=(CALCULATOR, REGISTRATION, ZONES),
        category=Category.SPILL_OVER,
    ),
    Row(
        "M4",
        ("二(四)", "三(二)", "发布会·中风险区"),
        _("High-risk zones that end by the clock"),
        does=_(
            "Seals units and buildings where an infected person stayed, each with a clock of its own that "
            "opens it at 00:00. A new infection starts the days anew in the units that it concerns, not in "
            "the others. More than units and buildings asks for one of the two reasons and for somebody "
            "above who approves. Nothing else makes a zone longer or wider; opening early is always "
            "possible."
        ),
        places=(ZONES, COMPOUNDS, PUBLIC_ZONES),
    ),
    Row(
        "M5",
        ("二(五)", "发布会·闭环人员"),
        _("After closed-loop work"),
        does=_(
            "Plans home health monitoring. Going out when needed is allowed: the advice to avoid crowds and "
            "public transport is no confinement."
        ),
        missing=_("Post rosters whose end creates these episodes."),
        places=(CALCULATOR, REGISTRATION),
        category=Category.POST_CLOSED_LOOP,
    ),
    Row(
        "M6",
        ("二(六)", "发布会·核酸"),
        _("Testing within bounds"),
        does=_("Plans at most one test a person a day; two can be neither planned nor imported."),
        missing=_("Testing orders with scope, basis and end."),
        places=(TODAY, REGISTER),
    ),
    Row("M7", ("二(七)", "发布会·入境人员"), _("One negative result before boarding")),
    Row("M8", ("二(八)", "三(三)"), _("Closed-loop bubbles")),
    Row(
        "M9",
        ("二(九)", "三(三)", "发布会·入境人员"),
        _("Ct values of entrants"),
        does=_("Counts an entrant's result as positive only below the Ct value that the edition names."),
        missing=_("The assessment and the further test when central isolation ends."),
        places=(TODAY,),
    ),
    Row(
        "M10",
        ("二(十)", "发布会·入境人员"),
        _("Entrants"),
        does=_(
            "Plans the days from the date of entry. Refuses to isolate again whoever finished isolation at "
            "the first point of entry; whoever finished the central part has only the days at home left."
        ),
        missing=_("The hand-over of the record by the first point of entry."),
        places=(CALCULATOR, REGISTRATION),
        category=Category.ENTRANT,
    ),
    Row("M11", ("二(十一)",), _("Care capacity")),
    Row("M12", ("二(十二)",), _("Vaccination")),
    Row(
        "M13",
        ("二(十三)",),
        _("Medicines"),
        does=_(
            "Keeps treatment drugs, traditional medicine, first-aid drugs and devices by store and lot, with "
            "expiry dates and minimum levels. What is short, expires soon or has expired stands in front, "
            "and each office is told of it once a day. Stock is the sum of its movements and never negative."
        ),
        missing=_("The stock of hospitals and pharmacies that keep it in systems of their own."),
        places=(STOCK, PRESCRIPTIONS),
    ),
    Row(
        "M14",
        ("二(十四)",),
        _("Key people and places"),
        does=_(
            "Lists key persons with their need, medicine, hospital and health-safety plan, and when it was "
            "last looked at. Somebody calls them as agreed, and daily once their unit is sealed or their "
            "isolation begins; whoever was not reached stands on Today."
        ),
        missing=_("The register of nursing homes, psychiatric hospitals and welfare homes."),
        places=(KEY_PERSONS, TODAY, REGISTER),
    ),
    Row(
        "M15",
        ("二(十五)",),
        _("Four earlies: detect, report, isolate, treat"),
        does=_(
            "Measures for every infection the times between sample, result, report, contacts judged, "
            "isolation and admission, and shows what runs past its limit. The limits in hours are local "
            "settings."
        ),
        missing=_("Arrival tests, and signals from fever clinics, pharmacies and schools."),
        places=(INFECTIONS, TODAY, STATISTICS),
    ),
    Row(
        "M16",
        ("二(十六)", "发布会·专班"),
        _("Complaints about over-enforcement"),
        does=_(
            "Anybody files without an account and without a name, follows it with number and secret, and "
            "says whether it was put right; not satisfied opens it again. Nobody handles a complaint about "
            "themselves: it goes to an office above, which refers it, supervises and answers, with clocks "
            "whose lateness stays. What keeps happening is named in public. Every day the app compares "
            "everything that restricts with the rule, and files what goes beyond it as a lead against "
            "ourselves. Closed is not solved, and the figures keep them apart."
        ),
        places=(
            COMPLAIN,
            TRACK,
            COMPLAINT_FIGURES,
            NAMINGS,
            COMPLAINTS,
            ORDERS,
            SELF_AUDIT,
        ),
    ),
    Row(
        "M17",
        ("二(十七)",),
        _("Supplies and services for people under seal"),
        does=_(
            "Every household has a private page, by a QR code on its notice: its days, and what it needs. "
            "Each request has somebody who answers for it and a limit whose lateness stays, until the "
            "resident has it at the door or says that it is not needed; the opening of a zone ends none. "
            "Supply plans with their task force, reserves and the date of the last look. Hotlines with hours "
            "and duty, receiving points, people named for delivery, compound cars, rounds that are ticked "
            "off without a connection, stock, the demand of a sealed area by people and days, suppliers on "
            "the white list, and mutual supply between areas. The first hospital asked answers for a patient "
            "until another has accepted. Notes of counsellors are read by "
            "counsellors alone."
        ),
        places=(
            HOTLINES,
            NEEDS,
            CALL_DESK,
            KEY_PERSONS,
            STOCK,
            DEMAND,
            SUPPLY_PLANS,
            MUTUAL,
            ROUNDS,
            MEDICAL,
        ),
    ),
    Row(
        "M18",
        ("二(十八)",),
        _("Campuses"),
        does=_(
            "Complaints about schools and campuses go to the education desk of the county, with its own "
            "queue and clocks: closed or sealed at will, sealed for too long, no classroom teaching, living "
            "support missing, people treated differently."
        ),
        missing=_("Supplies, transfers and tests of campuses first."),
        places=(COMPLAIN, COMPLAINTS),
    ),
    Row(
        "M19",
        ("二(十九)",),
        _("Firms and industrial parks"),
        does=_(
            "Supervisors keep the white list of the firms that supply people. A complaint that one of them "
            "was told to stop goes to the top of the queue, with a short limit, whatever the complainant "
            "calls it. Work stopped at will goes to the industry desk."
        ),
        missing=_("The register of all firms and parks with their plans, contractors and shifts."),
        places=(COMPLAIN, COMPLAINTS, SUPPLIERS),
    ),
    Row(
        "M20",
        ("二(二十)",),
        _("Stranded people"),
        does=_(
            "Whoever is not let home, or not let go, complains, and an office above the one that refuses "
            "acts."
        ),
        missing=_("Departure requests, their assessment, and the record of origin and destination."),
        places=(COMPLAIN, COMPLAINTS),
    ),
)

CONDITIONS: tuple[Row, ...] = (
    Row(
        "S1",
        ("三(一)",),
        _("Suitable homes"),
        does=_(
            "Records before home isolation whether the home is suitable; without it the days stay central, "
            "on the same dates. A positive result at home or in monitoring opens a judgement of its spread "
            "with an owner and a clock."
        ),
        missing=_("Cohorts by intake date at isolation sites."),
        places=(CALCULATOR, INFECTIONS, TODAY),
    ),
    Row(
        "S2",
        ("三(二)",),
        _("Zones are published at once"),
        does=_(
            "Publishes each zone with its exact boundary, since when it is sealed and on which day it "
            "opens, by county and by address, for anybody and without an account. Its history stays public."
        ),
        places=(PUBLIC_ZONES, API),
    ),
    Row(
        "S3",
        ("四(一)", "四(二)"),
        _("Explaining the policy"),
        does=_("This page, and a calculator that anyone may use without an account."),
        places=(CALCULATOR, API),
    ),
    Row("S4", ("四(一)", "四(二)"), _("Training of staff, listening to the public")),
)

PRESS: tuple[Row, ...] = (
    Row(
        "P1",
        ("发布会·密切接触者", "发布会·次密接", "发布会·外溢人员"),
        _("The evidence beside our own figures"),
        does=_(
            "Draws by which day after the last exposure positives were found here beside the published "
            "lines, the yield of each category, and the central isolation that the present days save."
        ),
        missing=_("The saving in the preview of another edition."),
        places=(STATISTICS,),
    ),
    Row(
        "P2",
        ("发布会·货车",),
        _("Lorries: five bans"),
        does=_(
            "Each of the five is a choice of the form. Such complaints are urgent, stand on top day and "
            "night, and have one coordinator from the duty roster. The hotline numbers stand beside the "
            "form; an operator files for whoever calls."
        ),
        places=(COMPLAIN, COMPLAINTS, NAMINGS),
    ),
    Row(
        "P3",
        ("发布会·第九版",),
        _("What is not mentioned follows the ninth edition"),
        does=_("An edition names its parent and inherits what it leaves out; every plan names its edition."),
        places=(Place(_("the editions below"), "policy"),),
    ),
    Row(
        "P4",
        ("发布会·就医",),
        _("Medical access of people under seal"),
        does=_(
            "Knows beforehand who needs dialysis, chemotherapy, a birth or a medicine that runs out. Names "
            "the hospitals with their direct line, yellow codes, green channel and state. A medical need has "
            "an owner and a clock until the person is treated and back home, or admitted. A refusal ends "
            "nothing: its stated reason stays on record, the offices above hear it, and the next hospital "
            "is due at once."
        ),
        places=(MEDICAL, HOSPITALS, PRESCRIPTIONS, KEY_PERSONS),
    ),
    Row(
        "P5",
        ("发布会·专班",),
        _("The task force against layering"),
        does=_(
            "The task force dispatches from one queue. The same again soon after closing, many complaints "
            "about one office, and supervision orders not answered in time are proposed for public naming; "
            "two people approve, the office named may reply, and what is published stays. Good practice has "
            "its own register. A bulletin appears each month."
        ),
        places=(COMPLAINTS, ORDERS, NAMINGS, GOOD_PRACTICE, COMPLAINT_FIGURES),
    ),
)
