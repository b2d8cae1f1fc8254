"""Lists become episodes: each row is judged, the good ones are taken over once, the rest is given back."""

import datetime as dt
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.models import Area, User
from accounts.rules import Level
from cases.actions import importing
from cases.actions import registration as registering
from cases.actions.judging import Judgement, Registration, Verdict
from cases.importing import columns, reading
from cases.importing.preview import ListedRow, Preview
from cases.importing.report import GiveBack, write_give_back
from cases.importing.rows import Communities, ReadRow, RowReader
from cases.models import Episode, ImportBatch, Infection, Person
from cases.rules import HomeCheck, IdKind, KeyMarkKind, Sex, State
from notices.models import Message
from policy.refusals import BadInput
from policy.types import Category, IsolationFinished
from tests.builders import area, entry, episode, noon, resident_id
from tests.cases import lists

pytestmark = pytest.mark.usefixtures("_in_english")
TODAY = dt.date(2022, 11, 15)
AT = noon(TODAY)


@pytest.fixture
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def upload(rows: Sequence[Mapping[str, Any]], by: User, **changes: Any) -> ImportBatch:
    content = lists.workbook(lists.table(rows))
    return importing.upload(
        **{"content": content, "file_name": "名单.xlsx", "registered_on": TODAY, "by": by, "at": AT} | changes
    )


def preview(rows: Sequence[Mapping[str, Any]], by: User, **changes: Any) -> Preview:
    return importing.preview(upload(rows, by, **changes), by=by, at=AT)


def only(rows: Sequence[Mapping[str, Any]], by: User, **changes: Any) -> ListedRow:
    """What would become of the one row."""
    (row,) = preview(rows, by, **changes).rows
    return row


def commit(rows: Sequence[Mapping[str, Any]], by: User, **changes: Any) -> ImportBatch:
    batch = upload(rows, by, **changes)
    assert importing.commit(batch, by=by, at=AT) is True
    return batch


def given_back(batch: ImportBatch, by: User) -> list[dict[str, str]]:
    """The give-back workbook as rows by heading."""
    content = write_give_back(importing.left_over(batch, by=by, at=AT))
    header, *rows = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, header), (str(cell or "") for cell in row), strict=True)) for row in rows]


def told(row: ListedRow) -> str:
    """Everything that is said against a row, with the cells."""
    return " ".join(
        f"{finding.column.ref(row.number) if finding.column else ''} {finding.sentence}"
        for finding in row.findings
    )


class TestARowBecomesAnEpisode:
    def test_with_the_plan_that_the_preview_showed(self, alice: User) -> None:
        batch = upload([lists.person(1, 末次暴露日期="2022年11月14日")], alice)
        whole = importing.preview(batch, by=alice, at=AT)
        plan = whole.plan_of(whole.rows[0])
        assert plan is not None
        assert plan.release_on == november(23)
        importing.commit(batch, by=alice, at=AT)
        saved = Episode.objects.get()
        assert saved.release_on == plan.release_on
        assert [test.planned_on for test in saved.tests.order_by("planned_on")] == [t.on for t in plan.tests]
        assert saved.registered_on == TODAY
        assert saved.community == alice.area

    def test_with_everything_the_row_says_of_the_person(self, alice: User) -> None:
        row = lists.person(
            1,
            姓名=" 王 小 明 ",
            性别="男",
            证件号码=f" 110105 {resident_id(1)[6:]} ",
            联系电话="139 0000 1234",
            小区="锦绣花园",
            楼栋="４号楼",
            单元="1单元",
            房号=1203,
            关联感染者="病例1",
            是否具备居家隔离条件="否",
            重点人群="孕产妇",
            备注="行动不便",
        )
        commit([row], alice)
        person = Person.objects.get()
        assert (person.name, person.sex, person.born_on) == ("王小明", Sex.MALE, dt.date(1990, 3, 7))
        assert (person.id_number, person.phone) == (resident_id(1), "13900001234")
        assert person.address == "锦绣花园 4号楼1单元 1203"
        assert person.remarks == "行动不便"
        assert [mark.kind for mark in person.key_marks.all()] == [KeyMarkKind.PREGNANT]
        saved = person.episodes.get()
        assert saved.home_check == HomeCheck.UNSUITABLE
        assert {stage.mode for stage in saved.stages.all()} == {"central"}
        ground = saved.grounds.get()
        assert ground.infection == Infection.objects.get(label="病例1")

    @pytest.mark.parametrize(
        ("cells", "category", "release"),
        [
            ({"人员类别": "密接", "末次暴露日期": "2022-11-14"}, Category.CLOSE_CONTACT, 23),
            ({"人员类别": "外溢人员", "离开高风险区日期": "2022/11/14"}, Category.SPILL_OVER, 22),
            ({"人员类别": "闭环作业结束人员", "闭环结束日期": "2022-11-14"}, Category.POST_CLOSED_LOOP, 20),
            ({"人员类别": "入境人员", "入境日期": november(14)}, Category.ENTRANT, 23),
        ],
    )
    def test_counted_from_the_column_of_its_category(
        self, alice: User, cells: dict[str, Any], category: Category, release: int
    ) -> None:
        commit([lists.person(1, **({"末次暴露日期": None} | cells))], alice)
        saved = Episode.objects.get()
        assert (saved.category, saved.anchor_on, saved.release_on) == (
            category,
            november(14),
            november(release),
        )

    def test_a_date_in_another_category_s_column_is_only_noted(self, alice: User) -> None:
        row = only([lists.person(1, 入境日期="昨天", 离开高风险区日期="2022-11-01")], alice)
        assert row.verdict is Verdict.NEW
        assert row.read.registration is not None
        assert row.read.registration.anchor_on == november(14)
        assert [note.column.heading for note in row.read.notes if note.column] == [
            "离开高风险区日期",
            "入境日期",
        ]

    def test_an_entrant_who_finished_the_central_part_has_the_home_days_left(self, alice: User) -> None:
        row = lists.person(
            1, 人员类别="入境人员", 入境日期="2022-11-09", 末次暴露日期=None, 第一入境点已解除隔离="仅集中"
        )
        commit([row], alice)
        saved = Episode.objects.get()
        assert saved.grounds.get().isolation_finished == IsolationFinished.CENTRAL
        assert [(stage.mode, stage.days) for stage in saved.stages.all()] == [("home", 3)]

    def test_whoever_comes_after_the_end_has_one_test_and_no_restriction(self, alice: User) -> None:
        row = lists.person(1, 人员类别="高风险区外溢人员", 离开高风险区日期="2022-11-07", 末次暴露日期=None)
        batch = commit([row], alice)
        saved = Episode.objects.get()
        assert saved.state(TODAY) is State.UNRESTRICTED
        assert [test.planned_on for test in saved.tests.all()] == [TODAY]
        assert batch.counts["unrestricted"] == 1

    def test_with_a_passport_or_without_an_id(self, alice: User) -> None:
        commit(
            [
                lists.person(1, 证件类型="护照", 证件号码="E12345678"),
                lists.person(2, 证件类型=None, 证件号码="无"),
            ],
            alice,
        )
        assert {person.id_kind for person in Person.objects.all()} == {IdKind.PASSPORT, IdKind.RESIDENT_ID}
        assert Person.objects.get(id_digest="").name == lists.name(2)

    def test_a_farmhouse_is_a_building_with_one_implicit_unit(self, alice: User) -> None:
        commit([lists.person(1, 小区="李家村", 楼栋=None, 单元=None, 房号="12号")], alice)
        person = Person.objects.get()
        assert person.unit is not None
        assert (person.unit.building.name, person.unit.name, person.door) == ("12号", "", "")

    def test_without_any_address(self, alice: User) -> None:
        commit([lists.person(1, 小区=None, 楼栋=None, 单元=None, 房号=None)], alice)
        assert Person.objects.get().unit is None

    def test_what_is_no_mark_of_a_key_person_is_kept_in_the_remarks(self, alice: User) -> None:
        row = only([lists.person(1, 重点人群="低保户、孕产妇", 备注="独居")], alice)
        assert row.read.registration is not None
        assert row.read.registration.facts.remarks == "独居 重点人群: 低保户"
        assert row.read.registration.facts.key_marks == {KeyMarkKind.PREGNANT}


class TestNotes:
    """What is worth a look and stands in nobody's way."""

    def notes(self, alice: User, **cells: Any) -> str:
        row = only([lists.person(1, **cells)], alice)
        assert row.verdict is Verdict.NEW
        return " ".join(note.sentence for note in row.read.notes)

    def test_a_sex_that_contradicts_the_id(self, alice: User) -> None:
        right = lists.person(1)["性别"]
        assert "sex differs" in self.notes(alice, 性别="女" if right == "男" else "男")
        assert self.notes(alice) == ""

    def test_an_infected_person_named_for_somebody_who_is_no_contact(self, alice: User) -> None:
        cells = {"人员类别": "外溢人员", "末次暴露日期": None, "离开高风险区日期": "2022-11-14"}
        assert "only named for close contacts" in self.notes(alice, 关联感染者="病例1", **cells)

    def test_a_phone_of_unusual_length(self, alice: User) -> None:
        assert "unusual length" in self.notes(alice, 联系电话="139000012345")

    def test_a_birth_date_that_contradicts_the_id_gives_way(self, alice: User) -> None:
        table = lists.table(
            [lists.person(1) | {"出生日期": "1999-01-01"}], header=(*lists.HEADER, "出生日期")
        )
        batch = upload([], alice, content=lists.workbook(table))
        importing.commit(batch, by=alice, at=AT)
        born = dt.datetime.strptime(lists.person(1)["证件号码"][6:14], "%Y%m%d").date()
        assert Person.objects.get().born_on == born


class TestWrongRows:
    @pytest.mark.parametrize(
        ("cells", "ref", "word"),
        [
            ({"末次暴露日期": None}, "N2", "date is missing"),
            ({"末次暴露日期": "昨天"}, "N2", "depends on the day"),
            ({"末次暴露日期": "11月14日"}, "N2", "no year"),
            ({"末次暴露日期": "2022-11-16"}, "N2", "before the event"),
            ({"末次暴露日期": "2002-11-14"}, "N2", "must lie between"),
            ({"姓名": None}, "B2", "name is missing"),
            ({"姓名": "长" * 81}, "B2", "at most 80"),
            ({"房号": "1" * 21}, "K2", "at most 20"),
            ({"备注": "长" * 301}, "U2", "at most 300"),
            ({"人员类别": None}, "L2", "category is missing"),
            ({"人员类别": "一般接触者"}, "L2", "not understood"),
            ({"性别": "？"}, "C2", "not understood"),
            ({"是否具备居家隔离条件": "待定"}, "S2", "yes, no"),
            ({"证件号码": "1.10105E+17"}, "E2", "lost its last digits"),
            ({"联系电话": "13800001234/13900001234"}, "F2", "More than one"),
            ({"证件号码": None, "联系电话": None}, "E2", "Neither"),
            ({"小区": None}, "H2", "compound or village"),
            ({"楼栋": None}, "I2", "building is missing"),
            ({"楼栋": None, "单元": None, "房号": None}, "I2", "farmhouse"),
            ({"第一入境点已解除隔离": "是"}, "R2", "Only entrants"),
            ({"备注": "#REF!"}, "U2", "error of Excel"),
            ({"房号": dt.datetime(2022, 3, 1)}, "K2", "took this for a date"),
            ({"所属社区": "没有的社区"}, "G2", "No community of your area"),
            ({"所属社区": "湖滨社区"}, "G2", "outside your area"),
        ],
    )
    def test_a_wrong_cell_is_named_with_what_is_wrong(
        self, alice: User, next_door: Area, cells: dict[str, Any], ref: str, word: str
    ) -> None:
        row = only([lists.person(1, **cells)], alice)
        assert row.verdict is Verdict.WRONG
        assert f"{ref} " in told(row)
        assert word in told(row)

    def test_a_category_without_its_column_names_the_column(self, alice: User) -> None:
        header = [heading for heading in lists.HEADER if heading != "入境日期"]
        table = lists.table([lists.person(1, 人员类别="入境人员")], header=header)
        row = only([], alice, content=lists.workbook(table))
        assert row.verdict is Verdict.WRONG
        assert "no column “Date of entry”" in told(row)

    def test_every_wrong_cell_of_a_row_is_named_at_once(self, alice: User) -> None:
        row = only([lists.person(1, 性别="？", 末次暴露日期="昨天", 联系电话="12")], alice)
        assert len(row.findings) == 3

    def test_one_number_under_two_names_is_nobody_s_until_the_cards_are_compared(self, alice: User) -> None:
        number = resident_id(7)
        whole = preview(
            [lists.person(1, 证件号码=number), lists.person(2, 证件号码=number), lists.person(3)], alice
        )
        assert [row.verdict for row in whole.rows] == [Verdict.WRONG, Verdict.WRONG, Verdict.NEW]
        assert "rows 2, 3" in told(whole.rows[0])

    def test_the_same_person_with_and_without_a_number_gets_one_file(self, alice: User) -> None:
        first = lists.person(1)
        again = first | {"证件号码": None}
        whole = preview([first, again], alice)
        assert [row.verdict for row in whole.rows] == [Verdict.NEW, Verdict.WRONG]
        assert "Row 2 names the same person" in told(whole.rows[1])

    def test_another_name_under_a_known_number_is_wrong(self, alice: User) -> None:
        commit([lists.person(1)], alice)
        row = only([lists.person(1, 姓名="别人")], alice)
        assert row.verdict is Verdict.WRONG
        assert "E2 " in told(row)


class TestRefusedRows:
    def test_a_contact_of_a_contact_with_the_clause_whatever_else_is_missing(self, alice: User) -> None:
        for cells in ({}, {"末次暴露日期": None}, {"末次暴露日期": "昨天", "性别": "？"}):
            row = only([lists.person(1, 人员类别="密接的密接", **cells)], alice)
            assert (row.verdict, row.clause) == (Verdict.REFUSED, "二(二)")
            assert "L2 " in told(row)

    def test_isolating_again_at_the_destination(self, alice: User) -> None:
        for date in ("2022-11-06", None):
            cells = {"人员类别": "入境人员", "入境日期": date, "第一入境点已解除隔离": "是"}
            row = only([lists.person(1, 末次暴露日期=None, **cells)], alice)
            assert (row.verdict, row.clause) == (Verdict.REFUSED, "二(十)")
            assert "R2 " in told(row)

    def test_a_contact_of_somebody_who_is_only_a_contact(self, alice: User) -> None:
        rows = [lists.person(1), lists.person(2, 关联感染者=lists.name(1))]
        whole = preview(rows, alice)
        assert [row.verdict for row in whole.rows] == [Verdict.NEW, Verdict.REFUSED]
        assert whole.rows[1].clause == "二(二)"
        assert "M3 " in told(whole.rows[1])

    def test_a_refused_row_leaves_nothing_behind_that_would_let_it_pass_the_next_time(
        self, alice: User
    ) -> None:
        rows = [lists.person(1), lists.person(2, 关联感染者=lists.name(1))]
        commit(rows, alice)
        assert not Infection.objects.exists()
        assert preview(rows, alice).rows[1].verdict is Verdict.REFUSED

    def test_under_the_ninth_edition_contacts_of_contacts_had_a_rule(self, alice: User) -> None:
        row = only(
            [lists.person(1, 人员类别="密接的密接", 末次暴露日期="2022-10-01")],
            alice,
            registered_on=dt.date(2022, 10, 2),
        )
        assert row.verdict is Verdict.NEW


class TestDoubts:
    doubtful = resident_id(5)[:17] + ("1" if resident_id(5)[17] != "1" else "2")

    def test_a_wrong_checksum_waits_for_a_look_at_the_card(self, alice: User) -> None:
        batch = upload([lists.person(1, 证件号码=self.doubtful)], alice)
        row = importing.preview(batch, by=alice, at=AT).rows[0]
        assert row.verdict is Verdict.DOUBTFUL
        assert "E2 " in told(row)
        importing.commit(batch, by=alice, at=AT)
        assert not Episode.objects.exists()
        assert len(given_back(batch, alice)) == 1

    def test_confirmed_it_is_taken_over_and_stays_known(self, alice: User) -> None:
        batch = upload([lists.person(1, 证件号码=self.doubtful)], alice)
        importing.confirm(batch, shown=[2], ticked=[2])
        whole = importing.preview(batch, by=alice, at=AT)
        assert (whole.taken, whole.rows[0].group) == (1, Verdict.DOUBTFUL)
        importing.commit(batch, by=alice, at=AT)
        assert Person.objects.get().id_number == self.doubtful
        assert only([lists.person(1, 证件号码=self.doubtful)], alice).verdict is Verdict.UNCHANGED

    def test_only_the_ticks_of_the_shown_rows_change(self, alice: User) -> None:
        batch = upload([lists.person(1)], alice)
        importing.confirm(batch, shown=[2, 3, 4], ticked=[2, 4, 9])
        importing.confirm(batch, shown=[4, 5], ticked=[5])
        batch.refresh_from_db()
        assert batch.confirmed_rows == [2, 5]

    def test_after_the_commit_no_tick_counts(self, alice: User) -> None:
        batch = commit([lists.person(1)], alice)
        importing.confirm(batch, shown=[2], ticked=[2])
        batch.refresh_from_db()
        assert batch.confirmed_rows == []


class TestWhoIsThereAlready:
    def test_a_row_that_stands_twice_is_taken_over_once(self, alice: User) -> None:
        whole = preview([lists.person(1), lists.person(2), lists.person(1)], alice)
        assert [row.verdict for row in whole.rows] == [Verdict.NEW, Verdict.NEW, Verdict.UNCHANGED]
        assert "row 2" in told(whole.rows[2])
        commit([lists.person(1), lists.person(2), lists.person(1)], alice)
        assert Episode.objects.count() == 2

    def test_the_same_file_again_changes_nothing(self, alice: User) -> None:
        rows = [
            lists.person(n, 证件号码=None if n % 3 == 0 else lists.person(n)["证件号码"])
            for n in range(1, 30)
        ]
        commit(rows, alice)
        before = Episode.objects.count(), Message.objects.count()
        whole = preview(rows, alice)
        assert whole.counts == {Verdict.UNCHANGED: 29}
        commit(rows, alice)
        assert (Episode.objects.count(), Message.objects.count()) == before

    def test_a_later_exposure_is_a_new_ground_and_the_preview_says_where_the_end_moves(
        self, alice: User
    ) -> None:
        commit([lists.person(1, 末次暴露日期="2022-11-12")], alice)
        batch = upload([lists.person(1, 末次暴露日期="2022-11-14")], alice)
        whole = importing.preview(batch, by=alice, at=AT)
        assert whole.rows[0].verdict is Verdict.NEW_GROUND
        plan = whole.plan_of(whole.rows[0])
        assert plan is not None
        importing.commit(batch, by=alice, at=AT)
        saved = Episode.objects.get()
        assert (saved.grounds.count(), saved.release_on) == (2, november(23))
        assert plan.release_on == saved.release_on
        assert [s.starts_on for s in plan.stages] == [s.starts_on for s in saved.stages.all()]

    def test_two_exposures_of_one_person_in_one_list_make_one_episode(self, alice: User) -> None:
        rows = [
            lists.person(1, 末次暴露日期="2022-11-12"),
            lists.person(1, 人员类别="外溢人员", 离开高风险区日期="2022-11-14", 末次暴露日期=None),
            lists.person(1, 末次暴露日期="2022-11-10"),
        ]
        batch = upload(rows, alice)
        whole = importing.preview(batch, by=alice, at=AT)
        assert [row.verdict for row in whole.rows] == [
            Verdict.NEW,
            Verdict.NEW_GROUND,
            Verdict.EARLIER_EXPOSURE,
        ]
        ends = [plan.release_on for row in whole.rows if (plan := whole.plan_of(row))]
        importing.commit(batch, by=alice, at=AT)
        assert ends == [november(21), november(22), november(22)]
        assert Episode.objects.get().release_on == november(22)

    def test_whom_another_community_holds_is_named_with_that_office_only(
        self, alice: User, bob: User, next_door: Area
    ) -> None:
        row = lists.person(1)
        episode(bob, name=row["姓名"], id_number=row["证件号码"])
        seen = only([row], alice)
        assert seen.verdict is Verdict.HELD_ELSEWHERE
        assert "湖滨社区" in told(seen)
        batch = commit([row], alice)
        assert Episode.objects.count() == 1
        assert "handover" in given_back(batch, alice)[0]["To be mended"]


class TestCommunities:
    def test_a_street_imports_for_its_communities_by_name(
        self, carol: User, home: Area, next_door: Area
    ) -> None:
        rows = [lists.person(1, 所属社区="锦绣社区"), lists.person(2, 所属社区=" 湖滨社区居委会 ")]
        commit(rows, carol)
        assert [each.community for each in Episode.objects.order_by("pk")] == [home, next_door]

    def test_a_street_has_to_name_the_community(self, carol: User, home: Area, next_door: Area) -> None:
        row = only([lists.person(1)], carol)
        assert (row.verdict, "your area has several" in told(row)) == (Verdict.WRONG, True)

    def test_a_name_that_two_communities_have_is_handed_back_and_the_code_decides(
        self, carol: User, street: Area, home: Area
    ) -> None:
        twin = area("锦绣社区", Level.COMMUNITY, "110105001009", street)
        whole = preview([lists.person(1, 所属社区="锦绣社区"), lists.person(2, 所属社区=twin.code)], carol)
        assert [row.verdict for row in whole.rows] == [Verdict.WRONG, Verdict.NEW]
        assert "12-digit code" in told(whole.rows[0])

    def test_a_community_may_leave_its_own_name_out(self, alice: User, home: Area) -> None:
        commit([lists.person(1, 所属社区=None), lists.person(2, 所属社区="锦绣社区")], alice)
        assert {each.community for each in Episode.objects.all()} == {home}

    def test_the_neighbour_s_row_is_kept_for_the_give_back(self, alice: User, next_door: Area) -> None:
        batch = commit([lists.person(1, 所属社区="湖滨社区")], alice)
        assert not Episode.objects.exists()
        assert "outside your area" in given_back(batch, alice)[0]["To be mended"]


class TestUpload:
    def test_the_date_of_registration_is_not_in_the_future(self, alice: User) -> None:
        with pytest.raises(BadInput) as refused:
            upload([lists.person(1)], alice, registered_on=november(16))
        assert refused.value.field == "registered_on"

    def test_nor_before_the_first_edition(self, alice: User) -> None:
        with pytest.raises(BadInput) as refused:
            upload([lists.person(1)], alice, registered_on=dt.date(2022, 6, 1))
        assert refused.value.field == "registered_on"

    @pytest.mark.parametrize(
        ("gone", "named"),
        [
            (["人员类别"], "“Category”"),
            (["证件号码", "联系电话"], "“ID number” or “Telephone”"),
            (["末次暴露日期", "离开高风险区日期", "闭环结束日期", "入境日期"], "“Date of last exposure”"),
        ],
    )
    def test_missing_columns_are_named(self, alice: User, gone: list[str], named: str) -> None:
        header = [heading for heading in lists.HEADER if heading not in gone]
        with pytest.raises(BadInput) as refused:
            upload([], alice, content=lists.workbook(lists.table([lists.person(1)], header=header)))
        assert named in str(refused.value.sentence)

    def test_a_street_needs_the_column_of_the_community(self, carol: User) -> None:
        header = [heading for heading in lists.HEADER if heading != "所属社区"]
        with pytest.raises(BadInput) as refused:
            upload([], carol, content=lists.workbook(lists.table([lists.person(1)], header=header)))
        assert "“Community”" in str(refused.value.sentence)

    def test_unknown_columns_are_listed_as_left_out(self, alice: User) -> None:
        header = (*lists.HEADER, "工作单位", "体温")
        table = lists.table([lists.person(1) | {"工作单位": "学校"}], header=header)
        table[1] += ["没有栏名的格子"]
        whole = preview([], alice, content=lists.workbook(table))
        assert [(column.letter, column.heading) for column in whole.lines.unknown] == [
            ("V", "工作单位"),
            ("W", "体温"),
            ("X", ""),
        ]

    def test_nothing_of_the_people_is_readable_in_the_database(self, alice: User) -> None:
        batch = upload([lists.person(1, 证件号码=None, 人员类别="？")], alice)
        importing.commit(batch, by=alice, at=AT)
        upload([lists.person(2)], alice)
        with connection.cursor() as cursor:
            cursor.execute("SELECT content, left_over, counts FROM cases_importbatch")
            stored = str(cursor.fetchall())
        for clear in (lists.name(1), lists.name(2), "13900000001", lists.person(2)["证件号码"]):
            assert clear not in stored

    def test_the_list_is_forgotten_with_the_commit_and_only_what_is_left_over_is_kept(
        self, alice: User
    ) -> None:
        batch = commit([lists.person(1), lists.person(2, 人员类别="？")], alice)
        batch.refresh_from_db()
        assert batch.content == ""
        assert [row.number for row in GiveBack.from_json(batch.left_over).rows] == [3]


class TestCommit:
    def test_a_second_click_does_nothing(self, alice: User) -> None:
        batch = upload([lists.person(1)], alice)
        twin = ImportBatch.objects.get(pk=batch.pk)
        assert importing.commit(batch, by=alice, at=AT) is True
        assert importing.commit(twin, by=alice, at=AT + dt.timedelta(minutes=1)) is False
        assert Episode.objects.count() == 1
        twin.refresh_from_db()
        assert twin.committed_at == AT

    def test_the_second_of_two_tabs_that_read_before_either_wrote_does_nothing(
        self, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = upload([lists.person(1)], alice)
        twin = ImportBatch.objects.get(pk=batch.pk)
        read = importing._read

        def read_then_be_overtaken(*arguments: Any, **named: Any) -> Any:
            answer = read(*arguments, **named)
            monkeypatch.setattr(importing, "_read", read)
            assert importing.commit(twin, by=alice, at=AT) is True
            return answer

        monkeypatch.setattr(importing, "_read", read_then_be_overtaken)
        assert importing.commit(batch, by=alice, at=AT) is False
        assert Episode.objects.count() == 1

    def test_it_is_judged_anew_at_that_moment(self, alice: User, bob: User, next_door: Area) -> None:
        row = lists.person(1)
        batch = upload([row, lists.person(2)], alice)
        assert importing.preview(batch, by=alice, at=AT).taken == 2
        episode(bob, name=row["姓名"], id_number=row["证件号码"])
        importing.commit(batch, by=alice, at=AT)
        assert (batch.counts["taken"], batch.counts["held_elsewhere"]) == (1, 1)

    def test_all_or_nothing(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        batch = upload([lists.person(1), lists.person(2)], alice)

        def broken(*_arguments: Any, **_named: Any) -> None:
            raise RuntimeError("the disk is full")

        monkeypatch.setattr(registering, "enqueue", broken)
        with pytest.raises(RuntimeError):
            importing.commit(batch, by=alice, at=AT)
        batch.refresh_from_db()
        assert batch.committed_at is None
        assert not Person.objects.exists()
        monkeypatch.undo()
        assert importing.commit(ImportBatch.objects.get(pk=batch.pk), by=alice, at=AT) is True
        assert Episode.objects.count() == 2

    def test_somebody_who_registers_one_of_them_at_the_same_instant_does_not_spoil_the_rest(
        self, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = upload([lists.person(1), lists.person(2)], alice)
        judge = registering.judge
        row = lists.person(1)

        def judge_then_be_overtaken(entries: Sequence[Registration], **named: Any) -> list[Judgement]:
            answer = judge(entries, **named)
            monkeypatch.setattr(registering, "judge", judge)
            monkeypatch.setattr(registering, "_write_people", fail_once(registering._write_people))
            return answer

        def fail_once(write: Callable[..., None]) -> Callable[..., None]:
            def failing(*_arguments: Any, **_named: Any) -> None:
                monkeypatch.setattr(registering, "_write_people", write)
                raise IntegrityError("one_person_per_id_number")

            return failing

        monkeypatch.setattr(registering, "judge", judge_then_be_overtaken)
        assert importing.commit(batch, by=alice, at=AT) is True
        assert Episode.objects.count() == 2
        assert only([row], alice).verdict is Verdict.UNCHANGED

    def test_a_list_that_is_not_kept_any_more_says_so(self, alice: User) -> None:
        batch = upload([lists.person(1)], alice)
        ImportBatch.objects.update(content="")
        batch.refresh_from_db()
        for act in (importing.preview, importing.commit, importing.left_over):
            with pytest.raises(BadInput, match="not kept any more"):
                act(batch, by=alice, at=AT)

    def test_reading_and_judging_cost_the_same_few_queries_at_any_length(self, alice: User) -> None:
        def queries(count: int) -> tuple[int, int]:
            rows = [lists.person(n, 关联感染者=f"病例{n % 5 + 1}") for n in range(1, count + 1)]
            batch = upload(rows, alice)
            with CaptureQueriesContext(connection) as looked:
                importing.preview(batch, by=alice, at=AT)
            with CaptureQueriesContext(connection) as written:
                importing.commit(batch, by=alice, at=AT)
            # What bulk_create writes at once depends on the database; everything else must not grow.
            others = [q for q in written.captured_queries if not q["sql"].startswith("INSERT")]
            return len(looked), len(others)

        few = queries(20)
        many = queries(400)
        assert few[0] <= 12
        assert many[0] <= few[0] + 2
        assert many[1] <= few[1] + 4


class TestGiveBack:
    def test_the_rest_comes_back_as_it_was_with_what_to_mend(self, alice: User) -> None:
        rows = [
            lists.person(1),
            lists.person(2, 末次暴露日期="昨天", 楼栋=4, 备注=" 原文 "),
            lists.person(3, 人员类别="密接的密接", 末次暴露日期=november(13)),
            lists.person(1),
        ]
        batch = commit(rows, alice)
        wrong, refused = given_back(batch, alice)
        assert list(wrong) == [*lists.HEADER, "To be mended"]
        assert wrong["姓名"] == lists.name(2)
        assert (wrong["楼栋"], wrong["备注"], wrong["末次暴露日期"]) == ("4", " 原文 ", "昨天")
        assert wrong["To be mended"].startswith("末次暴露日期: “昨天” depends")
        assert refused["末次暴露日期"] == "2022-11-13"
        assert "〔二(二)〕" in refused["To be mended"]

    def test_it_is_offered_before_the_commit_too(self, alice: User) -> None:
        batch = upload([lists.person(1), lists.person(2, 末次暴露日期="昨天")], alice)
        assert [row["姓名"] for row in given_back(batch, alice)] == [lists.name(2)]

    def test_mended_it_comes_in_without_a_word(self, alice: User) -> None:
        rows = [lists.person(1), lists.person(2, 末次暴露日期="昨天", 备注="=1+1")]
        batch = commit([], alice, content=lists.text(lists.table(rows)).encode())
        content = write_give_back(importing.left_over(batch, by=alice, at=AT))
        book = load_workbook(io.BytesIO(content))
        sheet = book.worksheets[0]
        sheet.cell(2, lists.HEADER.index("末次暴露日期") + 1).value = "2022-11-14"
        whole = preview([], alice, content=lists.saved(book))
        assert [row.verdict for row in whole.rows] == [Verdict.NEW]
        assert whole.lines.unknown == []
        assert whole.rows[0].read.registration is not None
        assert whole.rows[0].read.registration.facts.remarks == "=1+1"

    def test_mending_twice_leaves_one_column_of_advice(self, alice: User) -> None:
        batch = commit([lists.person(2, 末次暴露日期="昨天")], alice)
        content = write_give_back(importing.left_over(batch, by=alice, at=AT))
        again = upload([], alice, content=content)
        assert list(given_back(again, alice)[0]) == [*lists.HEADER, "To be mended"]

    @pytest.mark.parametrize("text", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "=1+1"])
    def test_no_cell_becomes_a_formula(self, alice: User, text: str) -> None:
        content = lists.text(lists.table([lists.person(1, 备注=text, 人员类别="？")])).encode()
        batch = upload([], alice, content=content)
        book = load_workbook(io.BytesIO(write_give_back(importing.left_over(batch, by=alice, at=AT))))
        cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
        assert {cell.data_type for cell in cells} == {"s"}
        assert not any(cell.value.startswith(("=", "+", "-", "@", "\t")) for cell in cells)

    def test_a_heading_is_no_formula_either(self, alice: User) -> None:
        table = lists.table([lists.person(1, 人员类别="？")])
        table[0].append("=1+1")
        batch = upload([], alice, content=lists.text(table).encode())
        book = load_workbook(io.BytesIO(write_give_back(importing.left_over(batch, by=alice, at=AT))))
        assert "'=1+1" in [cell.value for cell in book.worksheets[0][1]]


class TestOneListInManyDresses:
    """The same people, however the list is arranged."""

    rows = tuple(
        lists.person(
            n,
            人员类别=["密切接触者", "外溢人员", "入境人员"][n % 3],
            末次暴露日期="2022-11-14" if n % 3 == 0 else None,
            离开高风险区日期="2022年11月13日" if n % 3 == 1 else None,
            入境日期="2022/11/12" if n % 3 == 2 else None,
            备注="两 词" if n % 2 else None,
        )
        for n in range(1, 7)
    )

    @staticmethod
    def registrations(content: bytes, community: Area) -> list[Registration | None]:
        lines = columns.find_list(reading.read(content))
        reader = RowReader(lines, registered_on=TODAY, communities=Communities(community, [community]))
        read: list[ReadRow] = [reader.read(row) for row in lines.rows]
        return [row.registration for row in read]

    @given(data=st.data())
    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    def test_columns_in_any_order_titles_blanks_and_encodings_change_nothing(
        self, data: st.DataObject
    ) -> None:
        community = Area(pk=1, name="锦绣社区", level=Level.COMMUNITY, code="110105001001")
        plain = self.registrations(lists.workbook(lists.table(self.rows)), community)
        assert None not in plain
        content = self.dressed(data)
        assert self.registrations(content, community) == plain

    def dressed(self, data: st.DataObject) -> bytes:
        header = data.draw(st.permutations([*lists.HEADER, "工作单位", ""]))
        synonyms = {
            "姓名": "名字",
            "证件号码": "身份证号",
            "联系电话": "手机",
            "楼栋": "栋",
            "备注": "备 注：",
        }
        noise = st.sampled_from(["", " ", "　", "  "])
        table = [["管控人员台账（2022年11月）"]] * data.draw(st.integers(0, 3))
        said = data.draw(st.booleans())
        table.append([synonyms.get(heading, heading) if said else heading for heading in header])
        for row in self.rows:
            cells = [row.get(heading) for heading in header]
            table.append(
                [
                    f"{data.draw(noise)}{cell}{data.draw(noise)}" if isinstance(cell, str) else cell
                    for cell in cells
                ]
            )
            table += [[data.draw(noise)]] * data.draw(st.integers(0, 2))
        form = data.draw(st.sampled_from(["xlsx", "utf-8", "utf-8-sig", "gb18030", "utf-16"]))
        if form == "xlsx":
            return lists.workbook(table)
        return lists.text(table, separator=data.draw(st.sampled_from(",;\t"))).encode(form)


def test_an_entry_by_hand_is_recognised_in_a_list(alice: User, home: Area) -> None:
    row = lists.person(1)
    registering.register([entry(home, name=row["姓名"], id_number=row["证件号码"])], by=alice, at=AT)
    assert only([row], alice).verdict is Verdict.UNCHANGED
