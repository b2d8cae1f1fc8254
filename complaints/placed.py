"""What a system sent, with its place understood as the form understands it, and with the app's own facts."""

import datetime as dt
from dataclasses import replace

from django.utils import timezone

from accounts.rules import Level
from complaints.actions.filing import Filing
from complaints.own_facts import own_facts
from complaints.places import locate
from complaints.rules.behaviours import BY_CODE
from zones.finding import Answer, find


def placed(filing: Filing, at: dt.datetime) -> Filing:
    """The filing with the compound or site that its words name for certain, and with facts about it.

    What the sender named itself stays; a place outside the area that was named is none that is certain.
    """
    if filing.compound:
        return _with_facts(
            filing, find(filing.place or filing.compound.name, at, compound=filing.compound.pk), at
        )
    if filing.site or not filing.place:
        return _with_facts(filing, None, at)
    where = locate(
        filing.place,
        county=filing.area.line.get(Level.COUNTY),
        sites_first=BY_CODE[filing.behaviour].asks in ("site", "firm"),
        at=at,
    )
    if where.area is None or not filing.area.covers(where.area) or not (where.compound or where.site):
        return _with_facts(filing, None, at)
    found = replace(filing, area=where.area, compound=where.compound, site=where.site)
    return _with_facts(found, where.answer, at)


def _with_facts(filing: Filing, answer: Answer | None, at: dt.datetime) -> Filing:
    facts = own_facts(
        behaviour=filing.behaviour, answer=answer, since_on=filing.since_on, on=timezone.localdate(at)
    )
    return replace(filing, facts=facts)
