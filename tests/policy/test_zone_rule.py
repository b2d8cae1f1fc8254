"""What an edition says about zones: read strictly, inherited whole, left out where nothing is known."""

import datetime as dt
from importlib import import_module

import pytest
from django.apps import apps

from policy.loading import EditionError, read_source
from policy.models import PolicyEdition, edition_in_force

HEAD = """
code = "local"
parent = "twenty"
effective_on = 2022-11-20
practice = true

[title]
zh = "本地"
en = "Local"
"""


def zones(**values: object) -> str:
    """The text of an edition with a table of zones."""
    table = {"clean_days": 5, "clause": '"二(四)"', "wider_clause": '"三(二)"'} | values
    return HEAD + "\n[zones]\n" + "\n".join(f"{key} = {value}" for key, value in table.items())


def test_a_zone_rule_is_read_with_its_gate() -> None:
    rule = read_source(zones(round_day=5), "local.toml").zones
    assert rule is not None
    assert (rule.clean_days, rule.clause, rule.wider_clause, rule.round_day) == (5, "二(四)", "三(二)", 5)
    assert (rule.stated_in, rule.practice) == ("local", True)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"clean_days": 0}, "zones.clean_days"),
        ({"clean_days": '"5"'}, "zones.clean_days"),
        ({"round_day": 6}, "zones.round_day"),
        ({"tiers": 3}, "zones.tiers"),
        ({"clause": '""'}, "zones.clause"),
    ],
)
def test_a_wrong_zone_rule_is_named_by_file_and_key(values: dict[str, object], key: str) -> None:
    with pytest.raises(EditionError) as error:
        read_source(zones(**values), "local.toml")
    assert "local.toml" in str(error.value)
    assert key in str(error.value)


@pytest.mark.django_db
@pytest.mark.parametrize(("on", "days"), [(dt.date(2022, 11, 10), None), (dt.date(2022, 11, 11), 5)])
def test_units_can_be_sealed_from_the_day_of_the_notice(on: dt.date, days: int | None) -> None:
    rule = edition_in_force(on).zones
    assert (rule.clean_days if rule else None) == days


@pytest.mark.django_db
def test_an_heir_inherits_the_whole_rule() -> None:
    edition = PolicyEdition(source=HEAD)
    edition.store()
    rule = edition.resolved().zones
    assert rule is not None
    assert (rule.clean_days, rule.stated_in) == (5, "twenty")


@pytest.mark.django_db
def test_an_installation_from_before_zones_gets_the_rule_once() -> None:
    migration = import_module("policy.migrations.0003_zones_in_twenty")
    whole = PolicyEdition.objects.get(code="twenty").source
    before, after = whole.split("[zones]")
    old = before + "\n[abolished" + after.split("[abolished", 1)[1]
    PolicyEdition.objects.filter(code="twenty").update(source=old)
    assert edition_in_force(dt.date(2022, 11, 11)).zones is None

    migration.add_zones(apps, None)
    migration.add_zones(apps, None)

    upgraded = edition_in_force(dt.date(2022, 11, 11))
    assert upgraded.zones is not None
    assert upgraded.zones.clean_days == 5
    assert upgraded.rules == PolicyEdition.objects.get(code="twenty").resolved().rules
