"""The heart of the product: from an edition and the grounds of an episode to its days, tests and end.

Pure: dates and values in, values out; no database, no clock. The registration preview, the saved episode,
the calculator, the command, the API and the import all ask `plan`, so they cannot disagree.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .refusals import BadInput, RuleViolation
from .types import (
    Category,
    CategoryRule,
    Edition,
    Ground,
    IsolationFinished,
    Mode,
    Plan,
    PlannedTest,
    Stage,
    TestReason,
)

EARLIEST_ON = dt.date(2019, 12, 1)
"""No event of this epidemic is older."""
LATEST_ON = dt.date(2099, 12, 31)

_DAY = dt.timedelta(days=1)

_ABOLISHED_SENTENCES: dict[str, Promise] = {
    Category.SECONDARY_CONTACT: _(
        "Contacts of contacts are no longer judged: only an infected person has contacts. "
        "Nobody may be restricted for this reason."
    ),
}


def plan(edition: Edition, grounds: Sequence[Ground], *, home_suitable: bool = True) -> Plan:
    """What the edition allows for a person who is registered for these grounds.

    Stages are whole from day one on, never clipped to the registration; tests before the registration of
    their ground are gone, and if any is, one test is due on the registration date unless one is due then
    anyway. Registered on or after the end: no restriction, one test. Without a suitable home every home
    stage becomes central (N三(一)), on the same dates and with the same tests.

    Of several grounds the latest end holds, on each date the strictest mode, tests are united, one a date
    (N二(六)). `registered_on` is then the earliest registration of a ground that restricts.

    Raises RuleViolation: the category's own name where the edition abolished it, `not_in_edition` where
    it has no complete rule, `repeat_isolation` where all isolation was finished (N二(十)).
    Raises BadInput at `anchor_on`, `registered_on` or `isolation_finished`.
    """
    if not grounds:
        raise ValueError("a plan needs at least one ground")
    plans = [_plan_of(edition, ground) for ground in grounds]
    whole = plans[0] if len(plans) == 1 else _united(plans)
    return whole if home_suitable else _all_central(whole, edition.home_condition_clause)


def still_ruled(edition: Edition, grounds: Sequence[Ground]) -> list[Ground]:
    """Those grounds for which the edition has a rule: the others hold nobody once it is in force.

    For planning an open episode anew; when none is left, nothing holds the person any more.
    """
    return [ground for ground in grounds if edition.rule_for(ground.category) is not None]


def capped(new: Plan, old_release_on: dt.date) -> Plan:
    """The new plan of an open episode after a change of edition, ended no later than the old one.

    Nobody's end moves later because an edition changed: end = min(old, new), stages and tests cut to it.
    """
    if new.release_on <= old_release_on:
        return new
    if old_release_on <= new.registered_on:  # was free from the start and stays so
        dropped = (*new.dropped_tests, *(test.on for test in new.tests if test.reason is None))
        return replace(
            new,
            restricted=False,
            stages=(),
            tests=(_test_of_arrival(new.registered_on, new.clause),),
            release_on=old_release_on,
            dropped_tests=tuple(sorted(set(dropped))),
        )
    return replace(
        new,
        stages=tuple(
            replace(stage, last_on=min(stage.last_on, old_release_on - _DAY))
            for stage in new.stages
            if stage.starts_on < old_release_on
        ),
        # A test on or after the plan's own end stands alone: its ground came too late to restrict.
        tests=tuple(test for test in new.tests if test.on < old_release_on or test.on >= new.release_on),
        release_on=old_release_on,
    )


def _plan_of(edition: Edition, ground: Ground) -> Plan:
    """The plan of one ground, as if it stood alone and with a suitable home."""
    _check_input(ground)
    rule = _rule_of(edition, ground.category)
    day_one_on = ground.anchor_on + edition.day_one_offset * _DAY
    stages, scheduled = _laid_out(rule, day_one_on)
    if ground.isolation_finished is not IsolationFinished.NONE:
        stages = [stage for stage in stages if stage.mode is not Mode.CENTRAL]
        scheduled = [test for test in scheduled if test.mode is not Mode.CENTRAL]
    if not stages or ground.isolation_finished is IsolationFinished.ALL:
        raise _repeat_isolation(edition)
    release_on = stages[-1].last_on + _DAY
    restricted = ground.registered_on < release_on
    return Plan(
        edition=edition.code,
        category=rule.category,
        clause=rule.clause,
        anchor=rule.anchor,
        anchor_on=ground.anchor_on,
        day_one_on=day_one_on,
        registered_on=ground.registered_on,
        restricted=restricted,
        stages=tuple(stages) if restricted else (),
        tests=_due(scheduled, stages, ground.registered_on, rule.clause),
        release_on=release_on,
        dropped_tests=tuple(test.on for test in scheduled if test.on < ground.registered_on),
    )


def _check_input(ground: Ground) -> None:
    for name, on in (("anchor_on", ground.anchor_on), ("registered_on", ground.registered_on)):
        if not EARLIEST_ON <= on <= LATEST_ON:
            raise BadInput(
                name,
                format_lazy(
                    _("The date must lie between {first} and {last}."), first=EARLIEST_ON, last=LATEST_ON
                ),
            )
    if ground.registered_on < ground.anchor_on:
        raise BadInput(
            "registered_on",
            format_lazy(
                _("Registered on {registered}, before the event itself ({anchor}): check both dates."),
                registered=ground.registered_on,
                anchor=ground.anchor_on,
            ),
        )
    if ground.category is not Category.ENTRANT and ground.isolation_finished is not IsolationFinished.NONE:
        raise BadInput(
            "isolation_finished", _("Only entrants can have finished isolation at a first point of entry.")
        )


def _rule_of(edition: Edition, category: Category) -> CategoryRule:
    rule = edition.rule_for(category)
    if rule is not None:
        return rule
    if category in edition.abolished:
        sentence = _ABOLISHED_SENTENCES.get(category) or format_lazy(
            _("“{edition}” took this rule away: nobody may be restricted as {category}."),
            edition=edition.name,
            category=category.label,
        )
        raise RuleViolation(category.value, edition.abolished[category].clause, sentence, field="category")
    raise RuleViolation(
        "not_in_edition",
        "",
        format_lazy(
            _("“{edition}” has no complete rule for this category ({category}), so no plan can be made."),
            edition=edition.name,
            category=category.label,
        ),
        field="category",
    )


def _repeat_isolation(edition: Edition) -> RuleViolation:
    """No edition isolates a second time: without a rule for it there is nothing to plan (promise 2)."""
    return RuleViolation(
        "repeat_isolation",
        edition.repeat_isolation_clause,
        _(
            "Isolation was finished at the first point of entry: the destination must not isolate again. "
            "The person is free."
        ),
        field="isolation_finished",
    )


def _laid_out(rule: CategoryRule, day_one_on: dt.date) -> tuple[list[Stage], list[PlannedTest]]:
    """All stages and all scheduled tests of a rule on the calendar, whoever is registered when."""
    stages: list[Stage] = []
    tests: list[PlannedTest] = []
    starts_on = day_one_on
    for row in rule.stages:
        stages.append(
            Stage(
                mode=row.mode,
                starts_on=starts_on,
                last_on=starts_on + (row.days - 1) * _DAY,
                coded=row.coded,
                may_go_out=row.may_go_out,
                clause=rule.clause,
                category=rule.category,
            )
        )
        tests += [
            PlannedTest(starts_on + (day - 1) * _DAY, row.mode, day, None, rule.clause)
            for day in row.test_days
        ]
        starts_on += row.days * _DAY
    return stages, tests


def _due(
    scheduled: list[PlannedTest], stages: list[Stage], registered_on: dt.date, clause: str
) -> tuple[PlannedTest, ...]:
    """The tests that remain at registration, with the one that stands for those whose day has passed."""
    if registered_on > stages[-1].last_on:
        return (_test_of_arrival(registered_on, clause),)
    due = [test for test in scheduled if test.on >= registered_on]
    dropped = len(due) < len(scheduled)
    if not dropped or any(test.on == registered_on for test in due):
        return tuple(due)
    stage = next((stage for stage in stages if stage.covers(registered_on)), None)
    return (_test_of_arrival(registered_on, clause, stage), *due)


def _test_of_arrival(on: dt.date, clause: str, stage: Stage | None = None) -> PlannedTest:
    """The one test of whoever was registered late, on the day of registration."""
    return PlannedTest(
        on=on,
        mode=stage.mode if stage else None,
        day=(on - stage.starts_on).days + 1 if stage else None,
        reason=TestReason.REGISTERED_LATE,
        clause=clause,
    )


def _united(plans: list[Plan]) -> Plan:
    """One plan of several grounds. The headline is the ground that ends last, of equals the strictest.

    A ground that came too late to restrict adds its one test and nothing else.
    """
    holding = [each for each in plans if each.restricted]
    counted = holding or plans
    leading = max(counted, key=lambda each: (each.release_on, _strictness(each.stages)))
    return replace(
        leading,
        registered_on=min(each.registered_on for each in counted),
        stages=_merged(holding),
        tests=_one_a_date(test for each in plans for test in each.tests),
        dropped_tests=tuple(sorted({on for each in plans for on in each.dropped_tests})),
    )


def _strictness(stages: Iterable[Stage]) -> int:
    return max((stage.mode.strictness for stage in stages), default=0)


def _merged(plans: list[Plan]) -> tuple[Stage, ...]:
    """For each date the strictest stage that covers it, equal neighbours joined.

    Gapless as long as each ground was registered before the end of the one before it. A correction that
    pulls an anchor to an earlier date can part them: the (past) dates between then belong to no stage.
    """
    by_date: dict[dt.date, list[tuple[Stage, dt.date]]] = {}
    for each in plans:
        for stage in each.stages:
            for day in range(stage.days):
                by_date.setdefault(stage.starts_on + day * _DAY, []).append((stage, each.release_on))
    merged: list[Stage] = []
    for on, covering in sorted(by_date.items()):
        strictest, _end = max(covering, key=lambda pair: (pair[0].mode.strictness, pair[1]))
        one_day = replace(
            strictest,
            starts_on=on,
            last_on=on,
            coded=any(stage.coded for stage, _end in covering),
            may_go_out=all(stage.may_go_out for stage, _end in covering),
        )
        before = merged[-1] if merged else None
        if before and before.last_on + _DAY == on and replace(before, starts_on=on, last_on=on) == one_day:
            merged[-1] = replace(before, last_on=on)
        else:
            merged.append(one_day)
    return tuple(merged)


def _one_a_date(tests: Iterable[PlannedTest]) -> tuple[PlannedTest, ...]:
    """At most one test a date (N二(六)): a scheduled one before an extra one, then the strictest mode's."""
    chosen: dict[dt.date, PlannedTest] = {}
    for test in sorted(
        tests, key=lambda test: (test.reason is None, test.mode.strictness if test.mode else 0)
    ):
        chosen[test.on] = test
    return tuple(chosen[on] for on in sorted(chosen))


def _all_central(whole: Plan, clause: str) -> Plan:
    """The same plan for whoever has no suitable home: home stages become central, all dates stay."""
    return replace(
        whole,
        stages=tuple(
            replace(stage, mode=Mode.CENTRAL, clause=clause) if stage.mode is Mode.HOME else stage
            for stage in whole.stages
        ),
        tests=tuple(
            replace(test, mode=Mode.CENTRAL) if test.mode is Mode.HOME else test for test in whole.tests
        ),
    )
