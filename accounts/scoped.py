"""Rows that stand in a community, and the streets and counties above it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.rules import Level


class InCommunity(models.Model):
    """The community of a row with its street and county beside it.

    The two are copies, written only by the verbs that place or move the row: from street level up it is
    they that make a list or a count fast (see `accounts.models.in_area`).
    """

    community = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("community")
    )
    street = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="+", db_index=False, null=True, editable=False
    )
    county = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="+", db_index=False, null=True, editable=False
    )

    class Meta:
        abstract = True


def area_columns(community: Area) -> dict[str, Area | None]:
    """The three columns for a row of that community."""
    line = community.line
    return {
        "community": community,
        "street": line.get(Level.STREET),
        "county": line.get(Level.COUNTY),
    }
