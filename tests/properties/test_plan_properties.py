"""What holds for any category, anchor, registration date and edition without gates."""

import datetime as dt

from hypothesis import assume, given
from hypothesis import strategies as st

from policy.loading import packaged_edition
from policy.refusals import RuleViolation
from policy.rules import EARLIEST_ON, capped, plan
from policy.types import Category, Edition, Ground, IsolationFinished, Plan, TestReason

DAY = dt.timedelta(days=1)
EDITIONS = [packaged_edition("ninth"), packaged_edition("twenty")]

editions = st.sampled_from(EDITIONS)
anchors = st.dates(EARLIEST_ON, dt.date(2099, 1, 1))
delays = st.integers(0, 20)


@st.composite
def grounds(draw: st.DrawFn, edition: Edition, anchor: dt.date | None = None) -> Ground:
    category = draw(st.sampled_from(list(edition.rules)))
    finished = (
        draw(st.sampled_from([IsolationFinished.NONE, IsolationFinished.CENTRAL]))
        if category is Category.ENTRANT
        else IsolationFinished.NONE
    )
    anchor_on = anchor or draw(anchors)
    return Ground(category, anchor_on, anchor_on + draw(delays) * DAY, finished)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Edition, Ground, bool]:
    edition = draw(editions)
    return edition, draw(grounds(edition)), draw(st.booleans())


@st.composite
def episodes(draw: st.DrawFn) -> tuple[Edition, list[Ground], bool]:
    """Grounds of one episode: each registered while those before it still restrict, as `cases` keeps it."""
    edition = draw(editions)
    first = draw(grounds(edition))
    chosen = [first]
    for _ in range(draw(st.integers(0, 3))):
        end = max(plan(edition, [ground]).release_on for ground in chosen)
        last_registered_on = chosen[-1].registered_on
        assume(last_registered_on < end)
        registered_on = draw(st.dates(last_registered_on, end - DAY))
        anchor_on = registered_on - draw(delays) * DAY
        assume(anchor_on >= EARLIEST_ON)
        other = draw(grounds(edition, anchor_on))
        chosen.append(Ground(other.category, anchor_on, registered_on, other.isolation_finished))
    return edition, chosen, draw(st.booleans())


def assert_sound(made: Plan) -> None:
    for before, after in zip(made.stages, made.stages[1:], strict=False):
        assert after.starts_on == before.last_on + DAY, "stages follow one another without a gap"
    if made.stages:
        assert made.stages[-1].last_on + DAY == made.release_on, "nothing restricts on or after the end"
        assert made.registered_on < made.release_on
    assert made.restricted == bool(made.stages)
    dates = [test.on for test in made.tests]
    assert dates == sorted(set(dates)), "never two tests a date"
    for test in made.tests:
        if test.reason is None:
            stage = made.stage_on(test.on)
            assert stage is not None
            assert made.registered_on <= test.on < made.release_on


@given(cases())
def test_one_ground_makes_a_sound_plan(case: tuple[Edition, Ground, bool]) -> None:
    edition, ground, home_suitable = case
    made = plan(edition, [ground], home_suitable=home_suitable)

    assert_sound(made)
    assert made.registered_on == ground.registered_on
    if not made.restricted:
        assert [(test.on, test.reason, test.mode, test.day) for test in made.tests] == [
            (ground.registered_on, TestReason.REGISTERED_LATE, None, None)
        ]
    else:
        assert all(ground.registered_on <= test.on < made.release_on for test in made.tests)
        if made.dropped_tests:
            assert made.tests[0].on == ground.registered_on


@given(cases())
def test_the_day_of_a_test_counts_inside_the_stage_that_covers_it(case: tuple[Edition, Ground, bool]) -> None:
    edition, ground, home_suitable = case
    made = plan(edition, [ground], home_suitable=home_suitable)
    for test in made.tests:
        stage = made.stage_on(test.on)
        if stage is not None:
            assert (test.mode, test.day) == (stage.mode, (test.on - stage.starts_on).days + 1)


@given(cases(), st.integers(1, 40))
def test_later_registration_never_moves_the_end_and_never_adds_a_day(
    case: tuple[Edition, Ground, bool], later: int
) -> None:
    edition, ground, home_suitable = case
    now = plan(edition, [ground], home_suitable=home_suitable)
    delayed = Ground(
        ground.category, ground.anchor_on, ground.registered_on + later * DAY, ground.isolation_finished
    )
    then = plan(edition, [delayed], home_suitable=home_suitable)

    assert then.release_on == now.release_on
    assert then.day_one_on == now.day_one_on
    assert set(then.stages) <= set(now.stages)
    assert len(then.tests) <= max(len(now.tests), 1)


@given(cases())
def test_an_unsuitable_home_changes_no_date(case: tuple[Edition, Ground, bool]) -> None:
    edition, ground, _ = case
    at_home, kept = (plan(edition, [ground], home_suitable=suitable) for suitable in (True, False))

    assert at_home.release_on == kept.release_on
    assert [(stage.starts_on, stage.last_on) for stage in at_home.stages] == [
        (stage.starts_on, stage.last_on) for stage in kept.stages
    ]
    assert [(test.on, test.day, test.reason) for test in at_home.tests] == [
        (test.on, test.day, test.reason) for test in kept.tests
    ]


@given(episodes())
def test_several_grounds_end_with_the_latest_and_stay_sound(case: tuple[Edition, list[Ground], bool]) -> None:
    edition, chosen, home_suitable = case
    alone = [plan(edition, [ground]) for ground in chosen]
    made = plan(edition, chosen, home_suitable=home_suitable)

    assert made.restricted == any(each.restricted for each in alone)
    counted = [each for each in alone if each.restricted] or alone
    assert made.release_on == max(each.release_on for each in counted)
    assert made.registered_on == min(each.registered_on for each in counted)
    dates = [test.on for test in made.tests]
    assert dates == sorted({test.on for each in alone for test in each.tests})
    if all(ground.isolation_finished is IsolationFinished.NONE for ground in chosen):
        assert_sound(made)


@given(episodes())
def test_on_every_date_the_strictest_of_the_grounds_holds(case: tuple[Edition, list[Ground], bool]) -> None:
    edition, chosen, _ = case
    alone = [plan(edition, [ground]) for ground in chosen]
    made = plan(edition, chosen)
    first = min(ground.anchor_on for ground in chosen)
    for days in range((made.release_on - first).days + 2):
        on = first + days * DAY
        covering = [stage for each in alone if (stage := each.stage_on(on)) is not None]
        stage = made.stage_on(on)
        assert (stage is None) == (not covering)
        if stage is not None:
            assert stage.mode.strictness == max(each.mode.strictness for each in covering)


@given(cases())
def test_a_change_of_edition_never_moves_an_end_later(case: tuple[Edition, Ground, bool]) -> None:
    edition, ground, home_suitable = case
    old = plan(edition, [ground], home_suitable=home_suitable)
    for other in EDITIONS:
        try:
            new = plan(other, [ground], home_suitable=home_suitable)
        except RuleViolation:
            continue
        kept = capped(new, old.release_on)
        assert kept.release_on == min(old.release_on, new.release_on)
        assert_sound(kept)
        assert old.restricted or not kept.restricted
