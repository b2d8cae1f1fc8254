"""No sequence of verbs loses a need: while it lives it has a limit, and what has ended stays so."""

import datetime as dt
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from cases.models import Person
from policy.refusals import BadInput, RuleViolation
from supplies.actions import closing, serving
from supplies.actions.asking import Ask, ask_for
from supplies.models import MedicalNeed, Need
from supplies.rules.needs import (
    ENDED,
    LIVE,
    MEDICAL,
    MOVES,
    ROAD,
    Asker,
    NeedKind,
    NeedSource,
    NeedState,
    NeedVerb,
    may,
    verbs_for,
)
from tests.builders import noon
from tests.supplies.conftest import coordinator, resident  # noqa: F401 - fixtures of the cast
from tests.supplies.world import TODAY

AT = noon(TODAY)
STATES = st.sampled_from(list(NeedState))
ASKERS = st.sampled_from(list(Asker))
VERBS = st.sampled_from(list(NeedVerb))


@given(STATES, ASKERS)
def test_what_has_ended_revives_only_by_the_word_that_it_is_not_all_right(
    state: NeedState, asker: Asker
) -> None:
    if state in ENDED:
        assert set(verbs_for(state, asker)) <= {NeedVerb.NOT_RIGHT}


@given(VERBS, STATES)
def test_only_a_person_moves_a_need_the_clock_never(verb: NeedVerb, state: NeedState) -> None:
    assert not may(verb, state, Asker.CLOCK)


@given(st.lists(st.tuples(VERBS, ASKERS), max_size=12))
def test_every_way_through_the_table_stays_in_it_and_can_still_end(
    steps: list[tuple[NeedVerb, Asker]],
) -> None:
    state = NeedState.OPEN
    for verb, asker in steps:
        if may(verb, state, asker):
            state = MOVES[verb].target
    assert state in LIVE | ENDED
    if state in LIVE:
        ways = {MOVES[verb].target for verb in verbs_for(state, Asker.STAFF)}
        assert ways & ENDED or set(ROAD) & ways


ACTS = st.one_of(
    st.tuples(st.sampled_from(["move"]), VERBS, st.sampled_from([Asker.STAFF, Asker.RESIDENT, Asker.ROUND])),
    st.tuples(st.sampled_from(["end", "asked", "wanted", "no_thanks"]), st.none(), st.none()),
)


def _act(
    need: Need, what: str, verb: NeedVerb | None, asker: Asker | None, by: User, at: dt.datetime
) -> None:
    if what == "move" and verb is not None and asker is not None:
        staff = None if asker is Asker.RESIDENT else by
        serving.move(need=need, verb=verb, asker=asker, by=staff, at=at, reason="原因")
    elif what == "end":
        closing.end_by_word(need=need, reason="不要了", at=at)
    elif what == "asked":
        Need.objects.filter(pk=need.pk).update(asked_again_at=at)
    elif what == "wanted":
        closing.say_still_wanted(need=need, at=at)
    else:
        closing.say_not_wanted(need=need, at=at)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(list(NeedKind)), acts=st.lists(ACTS, max_size=10))
def test_no_sequence_of_verbs_leaves_a_live_need_without_a_limit(
    resident: Person,  # noqa: F811
    coordinator: User,  # noqa: F811
    kind: NeedKind,
    acts: list[tuple[str, NeedVerb | None, Asker | None]],
) -> None:
    asked = Ask(kind=kind, community=resident.community, source=NeedSource.DOOR, person=resident, text="米")
    pk = ask_for(asked, token=uuid.uuid4().hex, at=AT, by=coordinator).pk
    for n, (what, verb, asker) in enumerate(acts):
        before = Need.objects.get(pk=pk)
        at = AT + dt.timedelta(minutes=n)
        try:
            _act(before, what, verb, asker, coordinator, at)
        except (RuleViolation, BadInput):
            assert Need.objects.get(pk=pk).state == before.state
        after = Need.objects.get(pk=pk)
        revived = before.state in ENDED and after.state in LIVE
        assert not revived or verb is NeedVerb.NOT_RIGHT
        assert after.due_at is not None
        assert (after.ended_at is None) == (after.state in LIVE)
        if kind in MEDICAL:
            medical = MedicalNeed.objects.get(need=pk)
            assert (medical.act_by is not None) == (after.state in LIVE)
