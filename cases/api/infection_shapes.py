"""The shapes of the answers about infections, for the schema; `cases.api.infection_writing` fills them in."""

from rest_framework import serializers

from accounts.api import Described
from cases.actions.judging import VERDICTS
from cases.api.infection_inputs import KNOWN_MANIFESTATIONS
from cases.api.shapes import CommunityShape, PersonOfEpisode
from cases.rules import CONTACT_KINDS, SPREADS, Spread
from policy.api import PlanAnswer
from zones.rules import FOUND_WHERE, PURPOSES

CONCLUSIONS = [(each, label) for each, label in SPREADS.items() if each is not Spread.OPEN]


class InfectionLine(Described):
    """An infection as lists show one, with the instants of the four earlies (二(十五))."""

    id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    community = CommunityShape()
    person = PersonOfEpisode(
        allow_null=True, help_text="Null: not in the register, or out of the caller's sight."
    )
    manifestation = serializers.ChoiceField(
        KNOWN_MANIFESTATIONS, allow_null=True, help_text="Null: not known yet."
    )
    ct = serializers.FloatField(allow_null=True)
    found_on = serializers.DateField(help_text="Day 0 of whatever is sealed because of it.")
    found_where = serializers.ChoiceField(list(FOUND_WHERE.items()))
    sampled_at = serializers.DateTimeField(allow_null=True)
    resulted_at = serializers.DateTimeField(allow_null=True)
    reported_at = serializers.DateTimeField()
    contacts_judged_at = serializers.DateTimeField(allow_null=True)
    isolated_at = serializers.DateTimeField(allow_null=True)
    admitted_at = serializers.DateTimeField(allow_null=True)
    admitted_to = serializers.CharField()
    retracted_at = serializers.DateTimeField(
        allow_null=True, help_text="The positive result turned out to be a mistake."
    )


class StayShape(Described):
    """A place where the infected person stayed."""

    id = serializers.IntegerField()
    purpose = serializers.ChoiceField(list(PURPOSES.items()))
    unit = serializers.IntegerField(allow_null=True)
    site = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    from_on = serializers.DateField()
    to_on = serializers.DateField()
    note = serializers.CharField()


class AssessmentShape(Described):
    """The assessment of spread that a positive at home opens (三(一))."""

    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    late = serializers.BooleanField()
    conclusion = serializers.ChoiceField(CONCLUSIONS, allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class SealBecause(Described):
    """A unit that is or was sealed because of the infection."""

    zone = serializers.IntegerField()
    unit = serializers.IntegerField()
    found_on = serializers.DateField()
    release_on = serializers.DateField()


class InfectionCounts(Described):
    """How much hangs on the infection."""

    contacts = serializers.IntegerField()
    units_sealed = serializers.IntegerField(help_text="Sealed because of it, at this moment.")


class InfectionShape(InfectionLine):
    """An infection with its stays, its assessment and what is sealed because of it."""

    remarks = serializers.CharField()
    test = serializers.IntegerField(allow_null=True, help_text="Null: reported from outside.")
    stays = StayShape(many=True)
    assessment = AssessmentShape(allow_null=True)
    counts = InfectionCounts()
    seals = SealBecause(many=True)


class InfectionChanged(Described):
    """The infection after a verb."""

    changed = serializers.BooleanField(help_text="Whether this call changed it.")
    infection = InfectionShape()


class StayAdded(Described):
    """The stay that was added, and the infection."""

    changed = serializers.BooleanField(help_text="Whether this call added it.")
    stay = StayShape()
    infection = InfectionShape()


class ContactShape(Described):
    """Somebody who was judged a close contact of the infection."""

    id = serializers.IntegerField()
    person = PersonOfEpisode(allow_null=True, help_text="Null: out of the caller's sight.")
    last_exposure_on = serializers.DateField()
    kind = serializers.ChoiceField(list(CONTACT_KINDS.items()))
    episode = serializers.IntegerField(
        allow_null=True, help_text="Null: an exposure that was noted and moved nothing, or out of sight."
    )
    judged_at = serializers.DateTimeField()


class TracedShape(Described):
    """What became of one entry, in the order of the call."""

    verdict = serializers.ChoiceField([(each, label) for each, label in VERDICTS.items()])
    detail = serializers.CharField()
    code = serializers.CharField(help_text='For machines, where the entry was refused; else "".')
    clause = serializers.CharField(help_text='The clause that refuses it; "" where none is named.')
    field = serializers.CharField(allow_null=True, help_text="The input that is to blame, if one is.")
    office = serializers.CharField(
        allow_null=True, help_text="With held_elsewhere: the community that holds the person."
    )
    contact = ContactShape(allow_null=True)
    plan = PlanAnswer(allow_null=True, help_text="The plan of the episode as it stands.")


class ContactsTraced(Described):
    """What became of each entry."""

    changed = serializers.BooleanField(help_text="Whether any entry changed anything.")
    results = TracedShape(many=True)
