"""Template tags that draw a `policy.strip.Strip`, name a clause, and show a refusal with its clause.

{% load strip %}
{% strip s %}                     small: one image with one sentence, for rows and cards
{% strip_big s %}                 large: an ordered list with dates, for the person and the resident
{% strip_legend %}                what the marks mean ({% strip_legend "full half due" %} for a few)
{% strip_axis from to today %}    the dates above a column of strips that share a calendar
{% clause "二(一)" %}             a link that opens the text of the clause in place
{{ message|clauses }}             the same for every 〔二(一)〕 inside a sentence
"""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from django import template
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from policy.clauses import clause_named
from policy.strip import DAY, End, Strip, TestState
from policy.types import Mode

register = template.Library()

LEGEND: dict[str, tuple[str, object]] = {
    "zero": ("cell", _("day 0, transfer")),
    "full": ("cell", Mode.CENTRAL),
    "half": ("cell", Mode.HOME),
    "line": ("cell", Mode.MONITORING),
    "full past": ("cell", _("over")),
    "half gone past": ("cell", _("before registration, not made up")),
    "cut": ("cell", _("given back")),
    "due": ("badge", TestState.DUE),
    "wait": ("badge", TestState.WAITING),
    "neg": ("badge", TestState.NEGATIVE),
    "miss": ("badge", TestState.MISSED),
    "unsure": ("badge", TestState.INCONCLUSIVE),
    "pos": ("badge", TestState.POSITIVE),
    "gate": ("cell", _("release date")),
    "over": ("cell", _("overdue")),
    "hit": ("cell", _("positive, transferred")),
}
LEGEND_USUAL = (
    "full",
    "half",
    "line",
    "full past",
    "half gone past",
    "due",
    "wait",
    "neg",
    "miss",
    "gate",
    "over",
)


@register.simple_tag(name="strip")
def draw_small(strip: Strip) -> SafeString:
    """The small strip. Built in Python: a list page draws fifty of them, six hundred cells."""
    body = "".join(_small_marks(strip))
    classes = " ".join(filter(None, ("strip", strip.calendar, "tight" if strip.days_over else "")))
    return format_html(
        '<span class="{}" role="img" aria-label="{}">{}</span>', classes, strip.label, mark_safe(body)
    )


def _small_marks(strip: Strip) -> Iterator[str]:
    """One `<i>` a mark; on a shared calendar one padding element bridges the dates between two marks."""
    expected = strip.axis[0] if strip.axis else None
    for mark in strip.marks:
        if expected and mark.on > expected:
            yield f'<i class="pad p{(mark.on - expected).days}"></i>'
        expected = mark.on + DAY if strip.axis else None
        text = f"<b>{escape(mark.text)}</b>" if isinstance(mark, End) and not strip.after else ""
        yield f'<i class="{mark.classes}">{text}</i>'
    if strip.after and strip.after[-1].classes == "cut":
        yield f'<i class="tail"><b>{escape(strip.end.text)}</b></i>'


@register.inclusion_tag("policy/_strip_big.html")
def strip_big(strip: Strip) -> dict[str, Any]:
    """The large strip: an ordered list, one item a date, each with its own sentence for a screen reader."""
    return {"strip": strip}


@register.inclusion_tag("policy/_strip_legend.html")
def strip_legend(only: str = "") -> dict[str, Any]:
    """What the marks mean: the usual ones, or those named (comma between them: "full, half, due")."""
    keys = [key.strip() for key in only.split(",")] if only else LEGEND_USUAL
    entries = []
    for key in keys:
        look, label = LEGEND[key]
        entries.append(
            {
                "look": look,
                "classes": key,
                "label": label.label if isinstance(label, (Mode, TestState)) else label,
            }
        )
    return {"entries": entries}


@register.inclusion_tag("policy/_strip_axis.html")
def strip_axis(first: dt.date, last: dt.date, today: dt.date) -> dict[str, Any]:
    """The dates above a column of strips: every second one, and today always."""
    days = [first + n * DAY for n in range((last - first).days + 1)]
    shown = [{"on": on, "today": on == today, "seen": (on - today).days % 2 == 0} for on in days]
    return {"days": shown, "first": first, "last": last}


@register.simple_tag(name="clause")
def clause_link(key: str) -> SafeString:
    """A clause such as 二(一): a link that opens its text in place (without JavaScript, the policy page).

    A clause whose text is not kept here is named without a link; "" draws nothing.
    """
    if not key:
        return SafeString()
    clause = clause_named(key)
    if clause is None:
        return format_html('<span class="clause">{}</span>', key)
    return format_html(
        '<a class="clause" href="{}" data-clause="{}">{}</a>', clause.url, clause.fragment_url, key
    )


@register.filter
def clauses(text: str) -> SafeString:
    """The text with every 〔二(一)〕 in it turned into a clause link; everything else is escaped."""
    parts = re.split(r"〔([^〔〕]{1,24})〕", str(conditional_escape(text)))
    linked = [part if n % 2 == 0 else clause_link(part) for n, part in enumerate(parts)]
    return mark_safe("".join(linked))
