"""The shapes of the answers, for the schema; `cases.api.writing` fills them in."""

from rest_framework import serializers

from accounts.api import Described
from cases.actions.judging import VERDICTS, WRITTEN, Verdict
from cases.api.writing import TEST_STATES
from cases.rules import (
    EVENT_KINDS,
    HOME_CHECKS,
    ID_KINDS,
    KEY_MARKS,
    OVERDUE_REASONS,
    PLACES,
    RESULTS,
    SEXES,
    STATES,
    TEST_ORIGINS,
    Ending,
    Result,
    TestOrigin,
)
from policy.api import PlanAnswer, Refusal
from policy.types import Category, IsolationFinished, Mode

ANSWERED = [(verdict, VERDICTS[verdict]) for verdict in Verdict if verdict in WRITTEN | {Verdict.UNCHANGED}]
ORIGINS = [
    (origin or "planned", label) for origin, label in TEST_ORIGINS.items() if origin is not TestOrigin.PLANNED
]
ORIGINS.insert(0, ("planned", TEST_ORIGINS[TestOrigin.PLANNED]))
GIVEN_RESULTS = [(result, label) for result, label in RESULTS.items() if result is not Result.NONE]
TEST_STATE_CHOICES = [(word, state.label) for state, word in TEST_STATES.items()]
BROUGHT_ENDINGS = [Ending.EARLY, Ending.WITHDRAWN, Ending.TRANSFERRED]


class CommunityShape(Described):
    """The community that a person or an episode belongs to."""

    code = serializers.CharField()
    name = serializers.CharField()


class PersonLine(Described):
    """A person as lists show one."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    sex = serializers.ChoiceField([(sex.value, label) for sex, label in SEXES.items()], allow_blank=True)
    born_on = serializers.DateField(allow_null=True)
    id_kind = serializers.ChoiceField(list(ID_KINDS.items()))
    id_number = serializers.CharField(help_text="Masked; the full number is never given.")
    phone = serializers.CharField(help_text="Masked; the full number is never given.")
    community = CommunityShape()
    unit = serializers.IntegerField(allow_null=True)
    address = serializers.CharField()
    key_marks = serializers.ListField(child=serializers.ChoiceField(list(KEY_MARKS.items())))


class EpisodeOfPerson(Described):
    """One of the episodes of a person."""

    id = serializers.IntegerField()
    category = serializers.ChoiceField(Category.choices())
    anchor_on = serializers.DateField()
    state = serializers.ChoiceField(list(STATES.items()))
    release_on = serializers.DateField()


class PersonShape(PersonLine):
    """A person with the episodes that the caller sees, the newest first."""

    episodes = EpisodeOfPerson(many=True)


class StageToday(Described):
    """The stage of today."""

    mode = serializers.ChoiceField(Mode.choices())
    day = serializers.IntegerField()
    days = serializers.IntegerField()
    may_go_out = serializers.BooleanField()


class OverdueShape(Described):
    """Something that we owe the person since that date."""

    reason = serializers.ChoiceField(list(OVERDUE_REASONS.items()))
    since = serializers.DateField()


class PersonOfEpisode(Described):
    """Whom an episode is about."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class EpisodeLine(Described):
    """An episode as lists show one. State, stage, days left and what is overdue are those of today."""

    id = serializers.IntegerField()
    person = PersonOfEpisode()
    community = CommunityShape()
    category = serializers.ChoiceField(Category.choices())
    clause = serializers.CharField()
    edition = serializers.CharField()
    anchor_on = serializers.DateField()
    registered_on = serializers.DateField()
    restricted = serializers.BooleanField()
    state = serializers.ChoiceField(list(STATES.items()))
    stage = StageToday(allow_null=True)
    days_left = serializers.IntegerField()
    release_on = serializers.DateField(help_text="The first free date; release is at its 00:00.")
    planned_release_on = serializers.DateField()
    ending = serializers.ChoiceField(BROUGHT_ENDINGS, allow_null=True, help_text="Null: by the clock.")
    ended_at = serializers.DateTimeField(allow_null=True)
    home_check = serializers.ChoiceField(list(HOME_CHECKS.items()))
    home_from = serializers.DateField(allow_null=True, help_text="First date of home isolation.")
    place = serializers.ChoiceField(list(PLACES.items()))
    whereabouts = serializers.CharField(help_text="Site and room, or the home.")
    next_test_on = serializers.DateField(allow_null=True)
    tests_waiting = serializers.IntegerField(help_text="Samples without a result.")
    tests_missed = serializers.IntegerField(help_text="Nobody came to take them: our failure.")
    key_person = serializers.BooleanField()
    overdue = OverdueShape(many=True)
    code_lifted_at = serializers.DateTimeField(allow_null=True)
    told_at = serializers.DateTimeField(allow_null=True)


class GroundShape(Described):
    """Why the episode exists."""

    category = serializers.ChoiceField(Category.choices())
    anchor_on = serializers.DateField()
    clause = serializers.CharField()
    registered_on = serializers.DateField()
    isolation_finished = serializers.ChoiceField(IsolationFinished.choices())
    exposed_to = serializers.CharField(help_text='Label of the infection, or "".')
    document = serializers.CharField()


class TestShape(Described):
    """A nucleic acid test. Its state is that of today."""

    __test__ = False

    id = serializers.IntegerField()
    episode = serializers.IntegerField()
    person = serializers.IntegerField()
    on = serializers.DateField()
    mode = serializers.ChoiceField(Mode.choices(), allow_null=True)
    day = serializers.IntegerField(allow_null=True, help_text="The day inside its stage, from 1.")
    origin = serializers.ChoiceField(ORIGINS)
    scheduled = serializers.BooleanField(help_text="Counts towards the one test a day.")
    state = serializers.ChoiceField(TEST_STATE_CHOICES)
    sampled_at = serializers.DateTimeField(allow_null=True)
    result = serializers.ChoiceField(GIVEN_RESULTS, allow_null=True)
    ct = serializers.FloatField(allow_null=True)
    resulted_at = serializers.DateTimeField(allow_null=True)
    external_id = serializers.CharField(help_text='The number at the laboratory, or "".')
    dropped_at = serializers.DateTimeField(allow_null=True)


class DayShape(Described):
    """What the episode is on a date."""

    on = serializers.DateField()
    state = serializers.ChoiceField(list(STATES.items()))


class EventShape(Described):
    """Something that happened; `by` is null for what the clock did."""

    kind = serializers.ChoiceField(list(EVENT_KINDS.items()))
    at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(allow_null=True)
    clause = serializers.CharField()
    edition = serializers.CharField()
    reason = serializers.CharField()
    details = serializers.DictField(help_text="Dates, codes and numbers of records.")


class EpisodeShape(EpisodeLine):
    """An episode with its plan as it stands, and everything that happened."""

    plan = PlanAnswer()
    grounds = GroundShape(many=True)
    tests = TestShape(many=True)
    days = DayShape(many=True, help_text="From the registration to the first free date.")
    events = EventShape(many=True, help_text="The newest first.")


class RegistrationAnswer(Described):
    """What became of an entry."""

    verdict = serializers.ChoiceField(ANSWERED)
    detail = serializers.CharField()
    plan = PlanAnswer(
        allow_null=True, help_text="The plan of the episode as it stands; null where it is not yours to see."
    )
    episode = EpisodeShape(allow_null=True)


class HeldElsewhere(Refusal):
    """A refusal; `office` comes with the code `held_elsewhere`, `field` where an input is to blame."""

    office = serializers.CharField(required=False)
    field = serializers.CharField(required=False)


class EpisodeChanged(Described):
    """The episode after a verb."""

    changed = serializers.BooleanField(help_text="Whether this call changed it.")
    episode = EpisodeShape()


class TestChanged(Described):
    """The test after a verb."""

    __test__ = False

    changed = serializers.BooleanField(help_text="Whether this call changed it.")
    test = TestShape()
