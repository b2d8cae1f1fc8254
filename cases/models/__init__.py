"""One file per person, one episode per time under a rule, and everything that happened in it."""

from cases.models.episode import Episode, EpisodeStage, Ground, Placement
from cases.models.event import ContactAttempt, EpisodeEvent
from cases.models.handover import Handover
from cases.models.importing import ImportBatch
from cases.models.infection import Infection
from cases.models.person import KeyMark, NameGram, Person
from cases.models.testing import NucleicAcidTest

__all__ = [
    "ContactAttempt",
    "Episode",
    "EpisodeEvent",
    "EpisodeStage",
    "Ground",
    "Handover",
    "ImportBatch",
    "Infection",
    "KeyMark",
    "NameGram",
    "NucleicAcidTest",
    "Person",
    "Placement",
]
