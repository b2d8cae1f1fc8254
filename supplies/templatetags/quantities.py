"""Quantities as people write them."""

from decimal import Decimal

from django import template

from supplies.rules.stock import plain

register = template.Library()


@register.filter
def quantity(value: Decimal | None) -> str:
    """4, not 4.00; nothing for nothing known."""
    return "" if value is None else plain(value)
