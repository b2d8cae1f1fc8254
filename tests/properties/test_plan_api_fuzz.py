"""Whatever is sent to the public calculator API: an answer or a clear refusal, never an error of ours."""

import json
from typing import Any

from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from policy.types import Category

URL = "/api/v1/policy/plan/"
KEYS = ["category", "anchor_on", "registered_on", "edition", "home_suitable", "isolation_finished"]

text = st.text(max_size=30) | st.text(st.characters(categories=["Cs", "Cc", "Nd"]), max_size=5)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
dates = st.dates().map(str) | st.sampled_from(["2022-11-14", "2022-11-10", "0001-01-01", "9999-12-31"])
likely: dict[str, st.SearchStrategy[Any]] = {
    "category": st.sampled_from([each.value for each in Category]),
    "anchor_on": dates,
    "registered_on": dates,
    "edition": st.sampled_from(["ninth", "twenty"]),
    "home_suitable": st.booleans(),
    "isolation_finished": st.sampled_from(["none", "central", "all"]),
}
bodies = st.fixed_dictionaries({}, optional={key: likely[key] | odd for key in KEYS}) | odd
bodies_with_strangers = st.builds(
    lambda body, more: {**body, **more} if isinstance(body, dict) else body,
    bodies,
    st.dictionaries(text, odd, max_size=2),
)


class PlanApiFuzz(TestCase):
    """Client() raises what a view raises, so an error of ours fails the test."""

    def answer(self, body: bytes) -> Any:
        answer = Client().post(URL, data=body, content_type="application/json")
        assert answer.status_code in (200, 400, 409)
        said = json.loads(answer.content)
        if answer.status_code == 409:
            assert set(said) == {"code", "clause", "detail"}
        if answer.status_code == 400:
            assert said
            assert all(isinstance(each, list) and each for each in said.values())
        return answer.status_code

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(bodies_with_strangers)
    def test_json_of_any_shape_is_answered(self, body: object) -> None:
        self.answer(json.dumps(body).encode())

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=200))
    def test_bytes_of_any_kind_are_answered(self, body: bytes) -> None:
        self.answer(body)

    @settings(max_examples=60, deadline=None)
    @given(
        st.fixed_dictionaries({"category": likely["category"], "anchor_on": dates, "registered_on": dates})
    )
    def test_well_formed_questions_are_answered_soundly(self, body: dict[str, str]) -> None:
        status = self.answer(json.dumps(body).encode())
        if body["registered_on"] < body["anchor_on"]:
            assert status == 400
