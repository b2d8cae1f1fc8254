"""Template tags that show a `policy.types.Plan`.

{% load plans %}
{% plan_strip plan today as drawn %}    the strip of a plan, for {% strip_big drawn %}
{% plan_length plan as days %}          how many whole dates its stages cover
{{ stage.mode|mode_class }}             the class of its badge: full, half, line
{{ stage.test_days|listed }}            numbers with the comma of the reader's language
{{ test.on|day_of:today }}              a date in words; the year only where it is not today's
"""

import datetime as dt
from collections.abc import Iterable

from django import template
from django.utils.formats import date_format
from django.utils.translation import pgettext

from policy.strip import MODE_CLASS, Strip, draw_plan
from policy.types import Mode, Plan

register = template.Library()


@register.simple_tag
def plan_strip(plan: Plan, today: dt.date) -> Strip:
    """The plan as a strip. One that is over by today is drawn outside of time, so that it can be read."""
    return draw_plan(plan, today=today if today < plan.release_on or not plan.restricted else None)


@register.simple_tag
def plan_length(plan: Plan) -> int:
    """How many whole dates the stages cover."""
    return sum(stage.days for stage in plan.stages)


@register.filter
def mode_class(mode: Mode) -> str:
    """The class of the badge and of the cell."""
    return MODE_CLASS[mode]


@register.filter
def listed(numbers: Iterable[int]) -> str:
    """Numbers one after the other."""
    return pgettext("between items", ", ").join(str(number) for number in numbers)


@register.filter
def day_of(on: dt.date, today: dt.date | None = None) -> str:
    """Month, day and weekday; with the year unless it is this year's."""
    if today is not None and on.year == today.year:
        return date_format(on, pgettext("date format", "D j M"))
    return date_format(on, pgettext("date format", "D j M Y"))
