"""`manage.py plan`: the calculator on the command line."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from policy import clock
from policy.api import PlanQuestion
from policy.calculator import calculate, plan_as_json, refusal_as_json
from policy.refusals import BadInput, RuleViolation
from policy.types import Edition, Plan

REFUSED = 2
"""Exit status of a refusal and of input that cannot be answered."""


class Command(BaseCommand):
    """Prints a plan: the same as the calculator page and the API give."""

    help = "Print the days, tests and end that the rules allow for one person."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What may be asked. The values are checked by the API's own serializer, not here."""
        parser.add_argument("category", help="close_contact, spill_over, post_closed_loop, entrant …")
        parser.add_argument("anchor_on", metavar="anchor_date", help="date of the event (day 0), 2022-11-14")
        parser.add_argument("--registered-on", metavar="DATE", help="default: today")
        parser.add_argument("--edition", metavar="CODE", help="default: the one in force on that day")
        parser.add_argument("--home-unsuitable", action="store_true", help="no suitable home (N三(一))")
        parser.add_argument(
            "--isolation-finished", metavar="PART", help="entrants only: none, central or all"
        )
        parser.add_argument("--language", choices=["zh-hans", "en"], help="default: the installation's")
        parser.add_argument("--json", action="store_true", dest="as_json", help="the API's own answer")

    def handle(self, *args: object, as_json: bool, language: str | None, **options: Any) -> None:
        """Answer on stdout; a refusal or bad input exits with 2."""
        with translation.override(language or translation.get_language()):
            self._answer(_request_of(options), as_json=as_json)

    def _answer(self, request: Mapping[str, object], *, as_json: bool) -> None:
        asked = PlanQuestion(data=request)
        if not asked.is_valid():
            self._refuse(
                {name: [str(each) for each in sentences] for name, sentences in asked.errors.items()}, as_json
            )
        try:
            made, edition = calculate(asked.question(), today=clock.today())
        except BadInput as bad:
            self._refuse({bad.field: [str(bad.sentence)]}, as_json)
        except RuleViolation as refusal:
            self._refuse({**refusal_as_json(refusal)}, as_json)
        else:
            self.stdout.write(_as_json(plan_as_json(made)) if as_json else "\n".join(_table(made, edition)))

    def _refuse(self, answer: Mapping[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(_as_json(answer))
        elif "detail" in answer:
            clause = f"〔{answer['clause']}〕" if answer["clause"] else ""
            self.stderr.write(f"{answer['detail']}{clause}")
        else:
            for name, sentences in answer.items():
                self.stderr.write(f"{name}: {' '.join(sentences)}")
        sys.exit(REFUSED)


def _request_of(options: Mapping[str, Any]) -> dict[str, object]:
    """The options as the body that the API would get: what was not given is left out."""
    names = ("category", "anchor_on", "registered_on", "edition", "isolation_finished")
    request = {name: options[name] for name in names if options[name] is not None}
    return {**request, "home_suitable": not options["home_unsuitable"]}


def _as_json(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _table(made: Plan, edition: Edition) -> list[str]:
    """The plan as lines for a terminal."""
    lines = [
        f"{made.category.label} 〔{made.clause}〕 {edition.name}",
        _("{event}: {date} (day 0), day 1 is {day_one}").format(
            event=made.anchor.label, date=made.anchor_on, day_one=made.day_one_on
        ),
        _("registered: {date}").format(date=made.registered_on),
    ]
    if not made.restricted:
        lines.append(
            _("No restriction: it would have ended on {date}. One test is due.").format(date=made.release_on)
        )
    for stage in made.stages:
        notes = [_("health code assigned")] if stage.coded else []
        notes.append(_("may go out when needed") if stage.may_go_out else _("not to go out"))
        length = translation.ngettext("{days} day", "{days} days", stage.days).format(days=stage.days)
        lines.append(
            f"  {stage.starts_on} – {stage.last_on}  {length}  {stage.mode.label} 〔{stage.clause}〕"
            f"  {' · '.join(notes)}"
        )
    lines.append(_("tests:"))
    for test in made.tests:
        where = f"{test.mode.label} " if test.mode else ""
        day = _("day {day}").format(day=test.day) if test.day else ""
        late = f"  ({test.reason.label})" if test.reason else ""
        lines.append(f"  {test.on}  {where}{day}{late}".rstrip())
    if made.restricted:
        lines.append(_("free from {date} 00:00").format(date=made.release_on))
    return lines
