"""One file per person, one episode per time under a rule, and everything that happened in it."""

from cases.models.episode import Episode, EpisodeStage, Ground, Placement
from cases.models.event import ContactAttempt, EpisodeEvent
from cases.models.handover import Handover
from cases.models.importing import ImportBatch
from cases.models.infection import Contact, Infection, InfectionStay, SpreadAssessment
from cases.models.inside import DoorService, ZoneResident
from cases.models.person import KeyMark, NameGram, Person
from cases.models.testing import NucleicAcidTest

__all__ = [
    "Contact",
    "ContactAttempt",
    "DoorService",
    "Episode",
    "EpisodeEvent",
    "EpisodeStage",
    "Ground",
    "Handover",
    "ImportBatch",
    "Infection",
    "InfectionStay",
    "KeyMark",
    "NameGram",
    "NucleicAcidTest",
    "Person",
    "Placement",
    "SpreadAssessment",
    "ZoneResident",
]
