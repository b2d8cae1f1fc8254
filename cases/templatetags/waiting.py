"""How long something has been waiting, in words.

{% load waiting %}
{{ sampled_at|waited:at }}        "2 h 15 min": hours and minutes for two days, then whole days
{{ contact_again_at|until:at }}   the same for an instant that is still to come
"""

import datetime as dt

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

_MINUTE, _HOUR = 60, 3600


@register.filter
def waited(since: dt.datetime | None, at: dt.datetime) -> str:
    """The time from then until now; less than a minute is "just now", and so is what lies ahead."""
    if since is None:
        return ""
    return _span(at - since)


@register.filter
def until(then: dt.datetime | None, at: dt.datetime) -> str:
    """The time from now until then."""
    if then is None:
        return ""
    return _span(then - at)


def _span(length: dt.timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < _MINUTE:
        return _("less than a minute")
    days, hours, minutes = seconds // 86400, seconds % 86400 // _HOUR, seconds % _HOUR // _MINUTE
    if days > 1:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if days or hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours + 24 * days, "minutes": minutes}
    return _("%(minutes)d min") % {"minutes": minutes}
