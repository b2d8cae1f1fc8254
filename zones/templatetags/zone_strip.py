"""Template tags that draw the clean days of a sealed unit.

{% load zone_strip %}
{% zone_strip s %}         small: one image with one sentence, for rows and cards
{% zone_strip_big s %}     large: an ordered list with dates, which day it is, and what was found
{% zone_strip_legend %}    what the marks mean
"""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from policy.strip import Strip
from policy.templatetags.strip import draw_small

register = template.Library()

LEGEND = (
    ("hit", _("infection found, day 0")),
    ("seal past", _("clean day")),
    ("seal now", _("today")),
    ("seal", _("still to come")),
    ("seal void past", _("undone by a new infection")),
    ("gate", _("low risk from 00:00")),
)


@register.simple_tag
def zone_strip(strip: Strip) -> SafeString:
    """The small strip of a seal, as those of people are drawn."""
    return draw_small(strip)


@register.inclusion_tag("zones/_strip_big.html")
def zone_strip_big(strip: Strip) -> dict[str, Any]:
    """The large strip of a seal: one item a date, each with its own sentence for a screen reader."""
    return {"strip": strip}


@register.inclusion_tag("zones/_strip_legend.html")
def zone_strip_legend() -> dict[str, Any]:
    """What the marks of a seal mean."""
    return {"entries": LEGEND}
