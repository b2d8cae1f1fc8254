"""An edition file that is wrong is refused with its name, the key and a sentence."""

import datetime as dt
import tomllib
from collections.abc import Callable

import pytest

from policy.loading import PACKAGED, EditionError, edition_from_chain, packaged_edition, packaged_source
from policy.types import Anchor, Category, Mode

ROOT = """
code = "root"
effective_on = 2022-01-01
practice = true
day_one_offset = 1

[title]
zh = "根"
en = "Root"

[clauses]
home_condition = "甲"

[rules.close_contact]
anchor = "last_exposure"
clause = "甲"

[[rules.close_contact.stages]]
mode = "central"
days = 7
test_days = [1, 3, 7]
coded = true
may_go_out = false

[[rules.close_contact.stages]]
mode = "home"
days = 3
test_days = [3]
coded = true
may_go_out = false

[rules.spill_over]
anchor = "left_zone"
clause = "甲"

[[rules.spill_over.stages]]
mode = "home"
days = 7
test_days = []
coded = false
may_go_out = true
"""
CHILD = """
code = "child"
parent = "root"
effective_on = 2022-02-02
practice = false

[title]
zh = "子"
en = "Child"

[abolished.spill_over]
clause = "乙"

[rules.close_contact]
anchor = "last_exposure"
clause = "乙"

[[rules.close_contact.stages]]
mode = "home"
days = 5
test_days = [5]
coded = true
may_go_out = false
"""


def child_of_root(child: str = CHILD, root: str = ROOT):
    return edition_from_chain((("root.toml", root), ("child.toml", child)))


def test_the_packaged_editions_hold_from_their_dates() -> None:
    assert {code: packaged_edition(code).effective_on for code in PACKAGED} == {
        "ninth": dt.date(2022, 6, 28),
        "twenty": dt.date(2022, 11, 11),
    }


def test_what_comes_from_practice_is_marked() -> None:
    assert packaged_edition("ninth").practice
    assert not packaged_edition("twenty").practice
    assert not any(rule.practice for rule in packaged_edition("twenty").rules.values())


def test_an_entrants_positive_ct_stands_in_the_edition() -> None:
    rule = packaged_edition("twenty").rule_for(Category.ENTRANT)
    assert rule is not None
    assert rule.positive_below_ct == 35


def test_a_child_inherits_what_it_leaves_out() -> None:
    child = child_of_root(CHILD.replace('[abolished.spill_over]\nclause = "乙"\n', ""))

    inherited = child.rule_for(Category.SPILL_OVER)
    assert inherited is not None
    assert (inherited.clause, inherited.stated_in, inherited.practice) == ("甲", "root", True)
    assert child.day_one_offset == 1
    assert child.home_condition_clause == "甲"


def test_a_childs_rule_replaces_the_whole_rule_and_merges_no_list() -> None:
    rule = child_of_root().rule_for(Category.CLOSE_CONTACT)

    assert rule is not None
    assert [(stage.mode, stage.days, stage.test_days) for stage in rule.stages] == [(Mode.HOME, 5, (5,))]
    assert (rule.anchor, rule.stated_in) == (Anchor.LAST_EXPOSURE, "child")


def test_an_abolished_rule_is_gone_and_names_its_clause() -> None:
    child = child_of_root()

    assert child.rule_for(Category.SPILL_OVER) is None
    assert child.abolished[Category.SPILL_OVER].clause == "乙"


def test_a_grandchild_may_bring_an_abolished_rule_back() -> None:
    grandchild = (
        ROOT.replace('"root"', '"grandchild"\nparent = "child"')
        .replace("day_one_offset = 1", "")
        .replace('[clauses]\nhome_condition = "甲"', "")
    )
    edition = edition_from_chain(
        (("root.toml", ROOT), ("child.toml", CHILD), ("grandchild.toml", grandchild))
    )

    assert Category.SPILL_OVER in edition.rules
    assert Category.SPILL_OVER not in edition.abolished


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (swap("days = 7", 'days = "7"'), "rules.close_contact.stages[1].days"),
        (swap("days = 7", "days = true"), "rules.close_contact.stages[1].days"),
        (swap("days = 7", "days = 7.0"), "rules.close_contact.stages[1].days"),
        (swap("days = 7", "days = 0"), "rules.close_contact.stages[1].days"),
        (swap("days = 7", "days = 61"), "rules.close_contact.stages[1].days"),
        (swap("days = 7\n", ""), "rules.close_contact.stages[1].days"),
        (swap("[1, 3, 7]", "[1, 3, 8]"), "rules.close_contact.stages[1].test_days"),
        (swap("[1, 3, 7]", "[0, 3]"), "rules.close_contact.stages[1].test_days"),
        (swap("[1, 3, 7]", "[3, 1]"), "rules.close_contact.stages[1].test_days"),
        (swap("[1, 3, 7]", "[1, 1]"), "rules.close_contact.stages[1].test_days"),
        (swap("[1, 3, 7]", "[true]"), "rules.close_contact.stages[1].test_days"),
        (swap("[1, 3, 7]", "7"), "rules.close_contact.stages[1].test_days"),
        (swap('mode = "central"', 'mode = "hotel"'), "rules.close_contact.stages[1].mode"),
        (swap('mode = "central"', 'mode = ["central"]'), "rules.close_contact.stages[1].mode"),
        (swap("coded = true", 'coded = "yes"'), "rules.close_contact.stages[1].coded"),
        (swap("may_go_out = false", "may_leave = false"), "rules.close_contact.stages[1].may_go_out"),
        (swap("coded = true", "coded = true\ncolour = 1"), "rules.close_contact.stages[1].colour"),
        (swap('anchor = "last_exposure"', 'anchor = "birthday"'), "rules.close_contact.anchor"),
        (swap('clause = "甲"', 'clause = "〔甲〕"'), "rules.close_contact.clause"),
        (swap('clause = "甲"', 'clause = ""'), "rules.close_contact.clause"),
        (
            swap('clause = "甲"', 'clause = "甲"\npositive_below_ct = "35"'),
            "rules.close_contact.positive_below_ct",
        ),
        (
            swap('clause = "甲"', 'clause = "甲"\npositive_below_ct = -1'),
            "rules.close_contact.positive_below_ct",
        ),
        (swap("[rules.spill_over]", "[rules.tourist]"), "rules.tourist"),
        (swap('code = "root"', 'code = "Root edition"'), "code"),
        (swap('code = "root"', "code = 20"), "code"),
        (swap('code = "root"\n', ""), "code"),
        (swap('code = "root"', 'code = "root"\ncolour = 1'), "colour"),
        (swap("2022-01-01", '"2022-01-01"'), "effective_on"),
        (swap("2022-01-01", "2022-01-01T00:00:00"), "effective_on"),
        (swap("practice = true", "practice = 1"), "practice"),
        (swap("day_one_offset = 1", "day_one_offset = 2"), "day_one_offset"),
        (swap("day_one_offset = 1\n", ""), "day_one_offset"),
        (swap('zh = "根"', 'zh = " "'), "title.zh"),
        (swap('zh = "根"', 'zh = "根"\nfr = "racine"'), "title.fr"),
        (swap('home_condition = "甲"', ""), "clauses.home_condition"),
        (swap('home_condition = "甲"', 'home_condition = "甲"\nweather = "甲"'), "clauses.weather"),
        (swap("[title]", "[[title]]"), "title"),
        (swap('code = "root"', 'code = "root"\nparent = "root"'), "parent"),
        (swap('code = "root"', 'code = "root"\nparent = "nobody"'), "parent"),
        (swap('code = "root"', 'code = "root"\nparent = ""'), "parent"),
        (
            swap("[rules.spill_over]", '[abolished.close_contact]\nclause = "甲"\n[rules.spill_over]'),
            "abolished.close_contact",
        ),
        (
            swap("[rules.spill_over]", '[abolished.entrant]\nclause = "甲"\n[rules.spill_over]'),
            "abolished.entrant",
        ),
    ],
)
def test_a_mistake_names_the_file_and_the_key(change: Callable[[str], str], key: str) -> None:
    with pytest.raises(EditionError) as error:
        edition_from_chain((("root.toml", change(ROOT)),))

    assert (error.value.source, error.value.key) == ("root.toml", key)
    assert len(error.value.sentence) > 3
    assert str(error.value).startswith(f"root.toml: {key}: ")


def test_a_rule_without_stages_is_refused() -> None:
    child = CHILD[: CHILD.index("[[rules")] + "stages = []\n"
    with pytest.raises(EditionError, match=r"child\.toml: rules\.close_contact\.stages"):
        child_of_root(child)


@pytest.mark.parametrize("text", ["code = ", "\x00", "[" * 3000, "code = 'a'\ncode = 'b'"])
def test_what_is_no_toml_is_refused_with_the_name_of_the_file(text: str) -> None:
    with pytest.raises(EditionError) as error:
        edition_from_chain((("odd.toml", text),))

    assert error.value.source == "odd.toml"


def test_a_changed_source_is_never_answered_from_the_cache() -> None:
    before = child_of_root().rules[Category.CLOSE_CONTACT].stages[0].days
    after = child_of_root(CHILD.replace("days = 5", "days = 6")).rules[Category.CLOSE_CONTACT].stages[0].days

    assert (before, after) == (5, 6)


def test_the_packaged_files_state_no_number_twice() -> None:
    """`twenty` states only what the notice changed: its root settings come from the ninth edition."""
    stated = tomllib.loads(packaged_source("twenty"))
    assert "day_one_offset" not in stated
    assert stated["parent"] == "ninth"
