"""Supplies in the admin site: what supervisors keep, and the history that is read and never edited.

Talks of psychological support have no page here: they are read by counsellors alone.
"""

from supplies.admin import asked, kept, stock  # noqa: F401 - each registers its models
