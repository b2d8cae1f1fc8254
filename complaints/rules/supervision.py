"""The words of supervision orders 督办 and of public naming 通报曝光."""

from enum import StrEnum

from django.utils.translation import pgettext_lazy


class OrderState(StrEnum):
    """How far an order is: *ordered → reported → verified*, or again."""

    ORDERED = "ordered"
    REPORTED = "reported"
    AGAIN = "again"
    VERIFIED = "verified"


ORDER_STATES = {
    OrderState.ORDERED: pgettext_lazy("order", "ordered"),
    OrderState.REPORTED: pgettext_lazy("order", "reported"),
    OrderState.AGAIN: pgettext_lazy("order", "to be put right again"),
    OrderState.VERIFIED: pgettext_lazy("order", "verified"),
}
OPEN_ORDERS = frozenset({OrderState.ORDERED, OrderState.REPORTED, OrderState.AGAIN})


class OrderStepKind(StrEnum):
    """What can happen to an order."""

    ORDERED = "ordered"
    REPORTED = "reported"
    AGAIN = "again"
    VERIFIED = "verified"
    LATE = "late"


ORDER_STEPS = {
    OrderStepKind.ORDERED: pgettext_lazy("step of an order", "ordered"),
    OrderStepKind.REPORTED: pgettext_lazy("step of an order", "reported by the office"),
    OrderStepKind.AGAIN: pgettext_lazy("step of an order", "not put right: again"),
    OrderStepKind.VERIFIED: pgettext_lazy("step of an order", "verified: put right"),
    OrderStepKind.LATE: pgettext_lazy("step of an order", "past its date"),
}


HIDDEN_FROM_ADDRESSEE = frozenset({OrderStepKind.VERIFIED})
"""Steps whose text is the issuer's own: how it was verified may speak of the complainant."""


class PublicationKind(StrEnum):
    """What is published: an office named, or good practice."""

    NAMING = "naming"
    GOOD_PRACTICE = "good"


PUBLICATION_KINDS = {
    PublicationKind.NAMING: pgettext_lazy("publication", "public naming"),
    PublicationKind.GOOD_PRACTICE: pgettext_lazy("publication", "good practice"),
}


class PublicationState(StrEnum):
    """How far a publication is. What is published stays."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    DROPPED = "dropped"


PUBLICATION_STATES = {
    PublicationState.DRAFT: pgettext_lazy("publication", "draft"),
    PublicationState.SUBMITTED: pgettext_lazy("publication", "waits for approval"),
    PublicationState.PUBLISHED: pgettext_lazy("publication", "published"),
    PublicationState.DROPPED: pgettext_lazy("publication", "dropped"),
}


class Ground(StrEnum):
    """Why an office is proposed for naming (P2, P5)."""

    REBOUND = "rebound"
    HOT_SPOT = "hot_spot"
    LATE_SUPERVISION = "late"
    BY_HAND = "by_hand"


GROUNDS = {
    Ground.REBOUND: pgettext_lazy("ground", "the same again soon after closing"),
    Ground.HOT_SPOT: pgettext_lazy("ground", "many complaints in a short time"),
    Ground.LATE_SUPERVISION: pgettext_lazy("ground", "supervision order not answered in time"),
    Ground.BY_HAND: pgettext_lazy("ground", "a typical case"),
}


class PublicationStepKind(StrEnum):
    """What can happen to a publication."""

    PROPOSED = "proposed"
    EDITED = "edited"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REFUSED = "refused"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    REPLIED = "replied"
    DROPPED = "dropped"


PUBLICATION_STEPS = {
    PublicationStepKind.PROPOSED: pgettext_lazy("publication", "proposed"),
    PublicationStepKind.EDITED: pgettext_lazy("publication", "text written"),
    PublicationStepKind.SUBMITTED: pgettext_lazy("publication", "handed in for approval"),
    PublicationStepKind.APPROVED: pgettext_lazy("publication", "approved"),
    PublicationStepKind.REFUSED: pgettext_lazy("publication", "sent back to the author"),
    PublicationStepKind.PUBLISHED: pgettext_lazy("publication", "published"),
    PublicationStepKind.CORRECTED: pgettext_lazy("publication", "corrected"),
    PublicationStepKind.REPLIED: pgettext_lazy("publication", "reply of the office named"),
    PublicationStepKind.DROPPED: pgettext_lazy("publication", "dropped"),
}

APPROVALS_NEEDED = 2
"""So many people other than the author approve before anything is published."""
