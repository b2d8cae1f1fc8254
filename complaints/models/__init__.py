"""Complaints, what was written and done about them, what supervisors set, and what is published."""

from complaints.models.audit import AuditRun
from complaints.models.clock import Clock
from complaints.models.complaint import Complainant, Complaint
from complaints.models.exchange import (
    Attachment,
    ComplaintEvent,
    ComplaintLink,
    Entry,
    Look,
    Recusal,
)
from complaints.models.importing import ComplaintList
from complaints.models.publication import Publication, PublicationStep
from complaints.models.settings import DutyShift, RoutingRule, StepLimit
from complaints.models.supervision import OrderStep, SupervisionOrder

__all__ = [
    "Attachment",
    "AuditRun",
    "Clock",
    "Complainant",
    "Complaint",
    "ComplaintEvent",
    "ComplaintLink",
    "ComplaintList",
    "DutyShift",
    "Entry",
    "Look",
    "OrderStep",
    "Publication",
    "PublicationStep",
    "Recusal",
    "RoutingRule",
    "StepLimit",
    "SupervisionOrder",
]
