"""The API, the command and the calculator give one and the same answer."""

import datetime as dt
import io
import json
import re
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle

from policy.models import PolicyEdition

pytestmark = pytest.mark.django_db

URL = "/api/v1/policy/plan/"
EXAMPLE = {
    "edition": "twenty",
    "category": "close_contact",
    "clause": "二(一)",
    "anchor": "last_exposure",
    "anchor_on": "2022-11-14",
    "day_one_on": "2022-11-15",
    "restricted": True,
    "stages": [
        {
            "mode": "central",
            "starts_on": "2022-11-15",
            "last_on": "2022-11-19",
            "days": 5,
            "coded": True,
            "may_go_out": False,
        },
        {
            "mode": "home",
            "starts_on": "2022-11-20",
            "last_on": "2022-11-22",
            "days": 3,
            "coded": True,
            "may_go_out": False,
        },
    ],
    "tests": [
        {"on": "2022-11-15", "mode": "central", "day": 1, "reason": None},
        {"on": "2022-11-16", "mode": "central", "day": 2, "reason": None},
        {"on": "2022-11-17", "mode": "central", "day": 3, "reason": None},
        {"on": "2022-11-19", "mode": "central", "day": 5, "reason": None},
        {"on": "2022-11-20", "mode": "home", "day": 1, "reason": None},
        {"on": "2022-11-22", "mode": "home", "day": 3, "reason": None},
    ],
    "release_on": "2022-11-23",
}


def ask(body: object) -> tuple[int, Any]:
    answer = Client().post(URL, data=json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def question(**changes: object) -> dict[str, object]:
    asked = {"category": "close_contact", "anchor_on": "2022-11-14", "registered_on": "2022-11-14"}
    return {name: value for name, value in {**asked, **changes}.items() if value is not ...}


def run_command(*arguments: str) -> tuple[int, Any]:
    out = io.StringIO()
    try:
        call_command("plan", *arguments, "--json", stdout=out)
    except SystemExit as left:
        return int(left.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


class TestTheApi:
    def test_answers_the_rulebooks_example(self) -> None:
        assert ask(question()) == (200, EXAMPLE)

    def test_fills_in_what_was_left_out_from_today_in_shanghai(self) -> None:
        # 00:30 on 14 November in Shanghai is still 13 November in UTC.
        with time_machine.travel(dt.datetime(2022, 11, 13, 16, 30, tzinfo=dt.UTC)):
            assert ask({"category": "close_contact", "anchor_on": "2022-11-14"}) == (200, EXAMPLE)

    def test_counts_from_the_event_and_registers_today(self) -> None:
        with time_machine.travel(dt.datetime(2022, 11, 18, 4, tzinfo=dt.UTC)):
            _, answer = ask({"category": "close_contact", "anchor_on": "2022-11-14"})

        assert answer == ask(question(registered_on="2022-11-18"))[1]
        assert answer["tests"][0]["on"] == "2022-11-18"

    def test_takes_the_edition_in_force_on_the_day_of_registration(self) -> None:
        before = question(anchor_on="2022-11-09", registered_on="2022-11-10")
        after = question(anchor_on="2022-11-09", registered_on="2022-11-11")

        assert [ask(body)[1]["edition"] for body in (before, after)] == ["ninth", "twenty"]

    def test_takes_the_edition_that_was_asked_for(self) -> None:
        status, answer = ask(question(edition="ninth"))

        assert (status, answer["edition"], answer["release_on"]) == (200, "ninth", "2022-11-25")

    def test_writes_the_late_test_and_its_reason(self) -> None:
        _, answer = ask(question(registered_on="2022-11-18"))

        assert answer["tests"][0] == {
            "on": "2022-11-18",
            "mode": "central",
            "day": 4,
            "reason": "registered_late",
        }

    def test_writes_no_restriction_for_whoever_comes_too_late(self) -> None:
        _, answer = ask(question(registered_on="2022-11-23"))

        assert answer == {
            **EXAMPLE,
            "restricted": False,
            "stages": [],
            "tests": [{"on": "2022-11-23", "mode": None, "day": None, "reason": "registered_late"}],
        }

    def test_keeps_whoever_has_no_suitable_home_in_central_isolation(self) -> None:
        _, answer = ask(question(home_suitable=False))

        assert [stage["mode"] for stage in answer["stages"]] == ["central", "central"]
        assert [test["on"] for test in answer["tests"]] == [test["on"] for test in EXAMPLE["tests"]]  # type: ignore[index,attr-defined]
        assert answer["release_on"] == EXAMPLE["release_on"]

    @pytest.mark.parametrize(
        ("changes", "code", "clause"),
        [
            ({"category": "secondary_contact"}, "secondary_contact", "二(二)"),
            ({"category": "entrant", "isolation_finished": "all"}, "repeat_isolation", "二(十)"),
            ({"category": "post_closed_loop", "edition": "ninth"}, "not_in_edition", ""),
        ],
    )
    def test_answers_a_refusal_with_409_code_clause_and_a_sentence(
        self, changes: dict[str, object], code: str, clause: str
    ) -> None:
        status, answer = ask(question(**changes))

        assert status == 409
        assert {**answer, "detail": None} == {"code": code, "clause": clause, "detail": None}
        assert len(answer["detail"]) > 10

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"category": ...}, "category"),
            ({"category": "tourist"}, "category"),
            ({"category": None}, "category"),
            ({"category": ["close_contact"]}, "category"),
            ({"category": {}}, "category"),
            ({"category": "\ud800"}, "category"),
            ({"anchor_on": ...}, "anchor_on"),
            ({"anchor_on": None}, "anchor_on"),
            ({"anchor_on": 20221114}, "anchor_on"),
            ({"anchor_on": "2022-11-31"}, "anchor_on"),
            ({"anchor_on": "14.11.2022"}, "anchor_on"),
            ({"anchor_on": "20221114"}, "anchor_on"),
            ({"anchor_on": "2022-W46-1"}, "anchor_on"),
            ({"anchor_on": "２０２２-11-14"}, "anchor_on"),
            ({"anchor_on": "2022-11-14T00:00:00"}, "anchor_on"),
            ({"anchor_on": "1900-01-01"}, "anchor_on"),
            ({"anchor_on": "9999-12-31", "registered_on": "9999-12-31"}, "anchor_on"),
            ({"anchor_on": "9999-12-31", "registered_on": ...}, "anchor_on"),
            ({"registered_on": "2022-11-13"}, "registered_on"),
            ({"registered_on": "9999-12-31"}, "registered_on"),
            ({"registered_on": True}, "registered_on"),
            ({"registered_on": "2022-06-27", "anchor_on": "2022-06-26"}, "registered_on"),
            ({"edition": "nobody"}, "edition"),
            ({"edition": ""}, "edition"),
            ({"edition": "\x00"}, "edition"),
            ({"edition": 20}, "edition"),
            ({"edition": "x" * 9000}, "edition"),
            ({"home_suitable": "false"}, "home_suitable"),
            ({"home_suitable": 0}, "home_suitable"),
            ({"home_suitable": None}, "home_suitable"),
            ({"home_suitable": []}, "home_suitable"),
            ({"isolation_finished": "some"}, "isolation_finished"),
            ({"isolation_finished": "central"}, "isolation_finished"),
            ({"isolation_finished": True}, "isolation_finished"),
            ({"registerd_on": "2022-11-14"}, "registerd_on"),
            ({"\ud800": 1}, "non_field_errors"),
        ],
    )
    def test_answers_malformed_input_with_400_and_the_name_of_the_field(
        self, changes: dict[str, object], field: str
    ) -> None:
        status, answer = ask(question(**changes))

        assert status == 400
        assert list(answer) == [field]
        assert all(isinstance(sentence, str) and sentence for sentence in answer[field])

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"\xff\xfe",
            b"[]",
            b"null",
            b'"close_contact"',
            b"1",
            b"[" * 15000,
            b" " * 20000,
            b"1" * 9000,
        ],
    )
    def test_answers_what_is_no_json_object_with_400(self, body: bytes) -> None:
        answer = Client().post(URL, data=body, content_type="application/json")

        assert answer.status_code == 400
        assert list(answer.json()) == ["non_field_errors"]

    def test_answers_an_empty_body_with_the_fields_that_it_needs(self) -> None:
        answer = Client().post(URL, data=b"", content_type="application/json")

        assert (answer.status_code, set(answer.json())) == (400, {"category", "anchor_on"})

    def test_names_every_wrong_field_at_once(self) -> None:
        status, answer = ask({"category": "x", "anchor_on": "y", "home_suitable": "z", "colour": 1})

        assert status == 400
        assert set(answer) == {"category", "anchor_on", "home_suitable", "colour"}

    def test_speaks_chinese_unless_english_was_chosen(self) -> None:
        english = Client()
        english.cookies["django_language"] = "en"
        sent = {
            "data": json.dumps(question(category="secondary_contact")),
            "content_type": "application/json",
        }

        assert english.post(URL, **sent).json()["detail"].startswith("Contacts of contacts")

    def test_neither_lists_a_draft_nor_calculates_with_it(self) -> None:
        PolicyEdition(
            source='code = "draft"\nparent = "twenty"\neffective_on = 2022-12-07\npractice = true\n'
            '[title]\nzh = "草案"\nen = "Draft"\n'
        ).store()

        assert list(ask(question(edition="draft"))[1]) == ["edition"]
        listed = Client().get("/api/v1/policy/editions/").json()
        assert [each["code"] for each in listed] == ["ninth", "twenty"]

    def test_is_open_to_a_logged_in_browser_without_a_csrf_token(self, django_user_model: Any) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(django_user_model.objects.create(username="worker"))

        assert client.post(URL, json.dumps(question()), content_type="application/json").status_code == 200

    def test_asks_who_asks_too_often_to_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"public": "2/min"})
        cache.clear()

        assert [ask(question())[0] for _ in range(3)] == [200, 200, 429]
        assert "public" in api_settings.DEFAULT_THROTTLE_RATES
        cache.clear()

    @override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
    def test_a_body_that_is_too_long_is_a_400(self) -> None:
        answer = Client().post(URL, data=b"x" * 100_000, content_type="application/json")

        assert answer.status_code == 400

    def test_lists_the_editions_that_were_activated(self) -> None:
        with time_machine.travel(dt.datetime(2022, 11, 12, tzinfo=dt.UTC)):
            editions = Client().get("/api/v1/policy/editions/").json()

        assert [(each["code"], each["in_force"], each["practice"]) for each in editions] == [
            ("ninth", False, True),
            ("twenty", True, False),
        ]
        assert editions[1]["abolished"] == [{"category": "secondary_contact", "clause": "二(二)"}]
        entrant = next(rule for rule in editions[1]["rules"] if rule["category"] == "entrant")
        assert entrant["positive_below_ct"] == 35
        assert entrant["stages"][0]["test_days"] == [1, 2, 3, 5]


class TestTheCommand:
    def test_prints_what_the_api_answers(self) -> None:
        assert run_command("close_contact", "2022-11-14", "--registered-on", "2022-11-14") == (0, EXAMPLE)

    @pytest.mark.parametrize(
        ("arguments", "body"),
        [
            (["--home-unsuitable"], {"home_suitable": False}),
            (["--edition", "ninth"], {"edition": "ninth"}),
            (["--registered-on", "2022-11-18"], {"registered_on": "2022-11-18"}),
            (["--edition", "nobody"], {"edition": "nobody"}),
            (["--isolation-finished", "all"], {"isolation_finished": "all"}),
            (["--isolation-finished", "some"], {"isolation_finished": "some"}),
            (["--registered-on", "yesterday"], {"registered_on": "yesterday"}),
            (["--registered-on", "2022-11-13"], {"registered_on": "2022-11-13"}),
        ],
    )
    @pytest.mark.parametrize("category", ["close_contact", "entrant", "secondary_contact", "tourist"])
    def test_prints_the_same_json_as_the_api_whatever_is_asked(
        self, category: str, arguments: list[str], body: dict[str, object]
    ) -> None:
        registered = [] if "--registered-on" in arguments else ["--registered-on", "2022-11-14"]
        status, printed = run_command(category, "2022-11-14", *registered, *arguments)
        answered = ask(question(category=category, **body))

        assert printed == answered[1]
        assert status == (0 if answered[0] == 200 else 2)

    def test_prints_a_table_for_people(self) -> None:
        out = io.StringIO()
        call_command(
            "plan",
            "close_contact",
            "2022-11-14",
            "--registered-on",
            "2022-11-18",
            "--language",
            "en",
            stdout=out,
        )

        table = out.getvalue()
        assert "close contact 〔二(一)〕 Twenty Measures" in table
        assert re.search(r"2022-11-15 – 2022-11-19 +5 days +central isolation", table)
        assert re.search(r"2022-11-18 +central isolation day 4 +\(registered late\)", table)
        assert "free from 2022-11-23 00:00" in table

    def test_says_to_people_that_nobody_is_restricted(self) -> None:
        out = io.StringIO()
        call_command(
            "plan",
            "close_contact",
            "2022-11-14",
            "--registered-on",
            "2022-11-23",
            "--language",
            "en",
            stdout=out,
        )

        assert "No restriction: it would have ended on 2022-11-23" in out.getvalue()

    def test_refuses_with_sentence_and_clause_and_leaves_with_2(self) -> None:
        errors = io.StringIO()
        with pytest.raises(SystemExit) as left:
            call_command("plan", "secondary_contact", "2022-11-14", "--language", "en", stderr=errors)

        assert left.value.code == 2
        assert "only an infected person has contacts" in errors.getvalue()
        assert "〔二(二)〕" in errors.getvalue()


class TestTheCalculator:
    @staticmethod
    def get(**asked: str) -> str:
        client = Client(headers={"accept-language": "en"})
        client.cookies["django_language"] = "en"
        answer = client.get("/calculator/", {"registered_on": "2022-11-14", **asked})
        assert answer.status_code == 200
        return answer.content.decode()

    def test_shows_the_dates_that_the_api_answers(self) -> None:
        for category in ("close_contact", "spill_over", "post_closed_loop", "entrant"):
            for registered_on in ("2022-11-14", "2022-11-18", "2022-12-24"):
                for home, suitable in (("yes", True), ("no", False)):
                    page = self.get(
                        category=category,
                        anchor_on="2022-11-14",
                        registered_on=registered_on,
                        home_suitable=home,
                    )
                    _, answer = ask(
                        question(category=category, registered_on=registered_on, home_suitable=suitable)
                    )
                    assert f'data-release-on="{answer["release_on"]}"' in page
                    tests = page[page.index("plan-tests") :]
                    assert re.findall(r'<time datetime="([\d-]+)">', tests) == [
                        test["on"] for test in answer["tests"]
                    ]
                    assert page.count('<span class="badge full">') == sum(
                        stage["mode"] == "central" for stage in answer["stages"]
                    )

    def test_asks_nothing_before_a_date_is_there_and_shows_no_error(self) -> None:
        page = self.get()

        assert 'class="error"' not in page
        assert "Enter a date" in page

    def test_names_the_date_after_the_category(self) -> None:
        assert "Date: last exposure" in self.get(category="close_contact")
        assert "Date: entered the country" in self.get(category="entrant")

    def test_asks_entrants_alone_about_the_first_point_of_entry(self) -> None:
        assert 'name="isolation_finished"' in self.get(category="entrant")
        assert 'name="isolation_finished"' not in self.get(category="spill_over")

    def test_refuses_with_the_clause_and_its_text(self) -> None:
        page = self.get(category="secondary_contact", anchor_on="2022-11-14")

        assert "only an infected person has contacts" in page
        assert "不再判定密接的密接" in page

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"anchor_on": "2022-11-31"}, "anchor_on"),
            ({"anchor_on": "2022-11-14", "registered_on": "2022-11-13"}, "registered_on"),
            ({"anchor_on": "1900-01-01"}, "anchor_on"),
            ({"anchor_on": "2022-11-14", "registered_on": "x"}, "registered_on"),
            ({"anchor_on": "2022-11-14", "edition": "nobody"}, "edition"),
            ({"anchor_on": "2022-11-14", "category": "tourist"}, "category"),
            ({"anchor_on": "2022-06-01", "registered_on": "2022-06-02"}, "registered_on"),
        ],
    )
    def test_says_what_is_wrong_at_the_field(self, asked: dict[str, str], field: str) -> None:
        page = self.get(**asked)

        errors = re.search(rf'id="id_{field}_error">(.*?)</div>', page, re.DOTALL)
        assert errors is not None
        assert 'class="error"' in errors.group(1)

    def test_sends_htmx_the_answer_alone_with_the_errors_of_every_field(self) -> None:
        page = (
            Client()
            .get(
                "/calculator/",
                {"anchor_on": "2022-11-14", "registered_on": "2022-11-13"},
                headers={"HX-Request": "true", "HX-Target": "calculation"},
            )
            .content.decode()
        )

        assert "<html" not in page
        assert 'id="id_registered_on_error" hx-swap-oob="true"><p class="error">' in page
        assert 'id="id_anchor_on_error" hx-swap-oob="true"></div>' in page
        assert 'id="calculator-errors" hx-swap-oob="true"' in page

    def test_takes_an_edition_and_a_home_from_its_address(self) -> None:
        page = self.get(category="close_contact", anchor_on="2022-11-14", edition="ninth")

        assert 'data-release-on="2022-11-25"' in page

    def test_survives_any_address(self) -> None:
        self.get(category="\x00", anchor_on="\x00" * 50, registered_on="９", edition="'", home_suitable="?")
