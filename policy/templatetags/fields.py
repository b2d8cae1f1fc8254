"""What the field template needs beside Django's own.

{% load fields %}
{{ field|doubt }}     the doubt of this field, from `form.doubts` (a dict of field name to sentence)
"""

from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def doubt(field: BoundField) -> object:
    """What is odd about a value that may be saved all the same, such as a wrong ID checksum; "" if nothing.

    A form that has doubts keeps them in `doubts`, by field name; they are no errors and refuse nothing.
    """
    doubts: dict[str, object] = getattr(field.form, "doubts", {})
    return doubts.get(field.name, "")
