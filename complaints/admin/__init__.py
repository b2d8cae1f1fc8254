"""Complaints in the admin site: what supervisors set, and what happened, to read.

Texts of complainants, their files and who they are stand in none of it: those are opened on the pages of the
desk, where each look is written down.
"""

from complaints.admin import limits, orders, records, roster, routing

__all__ = ["limits", "orders", "records", "roster", "routing"]
