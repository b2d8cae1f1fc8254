"""The export of 12345: good rows are filed once, the others come back with what to mend."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.rules import Department
from complaints.actions import filing_lists, importing
from complaints.importing.words import kinds
from complaints.models import Complainant, Complaint, ComplaintList
from complaints.rules.behaviours import BEHAVIOURS
from complaints.rules.words import Source, Whom
from complaints.tasks import file_asked_lists
from policy import clock
from policy.refusals import RuleViolation
from tests.complaints.cast import Cast, filed, office, officer
from tests.complaints.tickets import HEADER, commit, given_back, page, press, send, sent, ticket, workbook
from zones.models import Compound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


class TestFiling:
    def test_a_row_becomes_a_complaint_with_everything_it_says(self, operator: Client, cast: Cast) -> None:
        compound = Compound.objects.create(name="锦绣花园", community=cast.home)
        batch = sent(operator, [ticket()], title="12345工单导出")
        assert "1 row can be filed" in page(operator, batch)
        assert not Complaint.objects.exists()
        assert "1 complaint filed" in commit(operator, batch)
        complaint = Complaint.objects.get()
        assert (complaint.source, complaint.filed_by) == (Source.IMPORT, cast.operator)
        assert complaint.external_id == "BJ2022111600001"
        assert (complaint.behaviour, complaint.whom) == ("not_unsealed", Whom.STREET)
        assert complaint.respondent == office(cast.home.line["street"])
        assert complaint.handler == office(cast.county, Department.TASK_FORCE)
        assert (complaint.area, complaint.compound) == (cast.home, compound)
        assert "铁皮还没拆。\n要去上班" in complaint.what_happened
        assert "2022-11-15 09:30" in complaint.what_happened
        assert complaint.facts[0]["code"] == "no_zone"
        who = Complainant.objects.get()
        assert (who.name, who.phone) == ("欧阳特殊", "13900000001")

    def test_a_csv_in_the_old_encoding_is_read_too(self, operator: Client) -> None:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerow([ticket()[each] for each in HEADER])
        send(operator, out.getvalue().encode("gb18030"), "export.csv")
        commit(operator, ComplaintList.objects.get())
        assert Complaint.objects.get().external_id == "BJ2022111600001"

    def test_the_same_file_twice_files_nothing_twice(self, operator: Client) -> None:
        rows = [ticket(n) for n in range(1, 4)]
        commit(operator, sent(operator, rows))
        again = sent(operator, rows)
        number = Complaint.objects.order_by("pk").first()
        assert number
        text = page(operator, again)
        assert "3 known already" in text
        assert number.number in text
        assert Complaint.objects.count() == 3

    def test_the_same_ticket_twice_in_one_list_is_filed_once(self, operator: Client) -> None:
        text = commit(operator, sent(operator, [ticket(), ticket(), ticket(2)]))
        assert "2 complaints filed" in text
        assert Complaint.objects.count() == 2

    def test_another_sender_may_use_the_same_numbers(
        self, operator: Client, cast: Cast, as_user: Callable[[User], Client]
    ) -> None:
        commit(operator, sent(operator, [ticket()]))
        other = as_user(officer("hotline2", office(cast.county, Department.TASK_FORCE)))
        commit(other, sent(other, [ticket()]))
        assert Complaint.objects.count() == 2

    def test_a_ticket_that_came_by_another_way_is_known(self, operator: Client, cast: Cast) -> None:
        filed(cast.home, external_id="BJ2022111600001")
        Complaint.objects.update(filed_by=cast.operator)
        assert "1 known already" in page(operator, sent(operator, [ticket()]))

    def test_after_the_purge_it_is_still_known(self, operator: Client) -> None:
        commit(operator, sent(operator, [ticket()]))
        Complaint.objects.update(external_id="")
        assert "1 known already" in page(operator, sent(operator, [ticket()]))

    def test_pressing_twice_files_once(self, operator: Client) -> None:
        batch = sent(operator, [ticket()])
        commit(operator, batch)
        commit(operator, batch)
        assert Complaint.objects.count() == 1


class TestWhatIsGivenBack:
    def test_each_bad_cell_is_named_and_never_stops_the_rest(self, operator: Client) -> None:
        bad = [
            ticket(2, 工单编号=None),
            ticket(3, 诉求内容=None),
            ticket(4, 社区="没有这个社区"),
            ticket(5, 区县="海淀区"),
            ticket(6, 联系电话="139"),
            ticket(7, 诉求内容="长" * 4001),
        ]
        batch = sent(operator, [ticket(1), *bad, ticket(8)])
        text = page(operator, batch, group="wrong")
        for said in (
            "A3</b> 工单编号 · The ticket number is missing",
            "C4</b> 诉求内容 · The cell is empty",
            "F5</b> 社区 · No area inside 锦绣街道 is called “没有这个社区”",
            "D6</b> 区县 · No area inside 朝阳区 is called “海淀区”",
            "J7</b> 联系电话",
            "longer than 4000",
        ):
            assert said in text
        assert "2 complaints filed" in commit(operator, batch)
        header, *rows = given_back(operator, batch)
        assert header[:-1] == HEADER
        assert len(rows) == 6
        assert "ticket number is missing" in rows[0][-1]

    def test_mended_rows_come_back_and_are_filed(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1), ticket(2, 社区="错")])
        commit(operator, batch)
        header, row = given_back(operator, batch)
        mended = dict(zip(header, row, strict=True)) | {"社区": "锦绣社区"}
        commit(operator, sent(operator, [mended], header=header))
        assert set(Complaint.objects.values_list("external_id", flat=True)) == {
            "BJ2022111600001",
            "BJ2022111600002",
        }

    def test_what_a_verb_refuses_comes_back_too(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = filing_lists.file_complaint

        def refusing(filing: Any, **kwargs: Any) -> Any:
            if filing.external_id.endswith("2"):
                raise RuleViolation("not_now", "二(十六)", "Not today.")
            return real(filing, **kwargs)

        monkeypatch.setattr(filing_lists, "file_complaint", refusing)
        batch = sent(operator, [ticket(n) for n in range(1, 4)])
        text = commit(operator, batch)
        assert "2 complaints filed" in text
        assert "Not today." in text

    def test_a_formula_in_a_cell_stays_a_text(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1), ticket(2, 社区="'=cmd|'/c calc'!A1")])
        assert str(given_back(operator, batch)[1][5]).startswith("'=")

    @pytest.mark.parametrize(
        ("header", "said"),
        [
            (("姓名", "电话"), "No header was found"),
            (("诉求内容", "联系电话"), "A column is missing: “Ticket number”"),
            ((*HEADER, "反映内容"), "Several columns mean the same"),
        ],
    )
    def test_a_list_that_can_not_be_understood_says_why(
        self, operator: Client, header: Sequence[str], said: str
    ) -> None:
        answer = send(operator, workbook([ticket()], header=header))
        assert answer.status_code == 422
        assert said in answer.content.decode()

    def test_a_file_that_is_no_list_says_so(self, operator: Client) -> None:
        answer = send(operator, b"\x89PNG\r\n\x1a\n\x00\x00", "list.xlsx")
        assert answer.status_code == 422
        assert not ComplaintList.objects.exists()


class TestGuesses:
    def test_a_guessed_behaviour_is_asked_and_not_filed_unasked(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1, 诉求类型="疫情防控", 诉求内容="医院不接诊，孕妇在门口等。")])
        text = page(operator, batch)
        assert '<option value="care_refused" selected>' in text
        commit(operator, batch)
        assert not Complaint.objects.exists()
        assert not ComplaintList.objects.get().committed_at

    def test_the_chosen_behaviour_is_filed(self, operator: Client) -> None:
        rows = [ticket(n, 诉求类型="其他", 诉求内容="大门口天天要核酸") for n in (1, 2)]
        batch = sent(operator, rows)
        number = page(operator, batch)
        assert 'name="behaviour-2"' in number
        operator.post(
            reverse("complaint-import-choose", args=[batch.pk]),
            {"shown": ["2", "3"], "ticked": ["2"], "behaviour-2": "campus_sealed", "behaviour-3": "other"},
        )
        assert "1 complaint filed" in commit(operator, batch)
        assert Complaint.objects.get().behaviour == "campus_sealed"
        _, left = given_back(operator, batch)
        assert "in the words of this system" in left[-1]

    def test_a_row_given_back_names_the_guess_in_words_that_are_understood(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1), ticket(2, 诉求类型="疫情防控", 诉求内容="医院不接诊")])
        commit(operator, batch)
        header, row = given_back(operator, batch)
        guess = str(row[-1]).split("“")[1].split("”")[0]
        commit(
            operator,
            sent(operator, [dict(zip(header, row, strict=True)) | {"诉求类型": guess}], header=header),
        )
        assert set(Complaint.objects.values_list("behaviour", flat=True)) == {"not_unsealed", "care_refused"}

    def test_ticks_sent_with_the_commit_count(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1, 诉求类型="其他")])
        commit(operator, batch, shown="2", ticked="2", **{"behaviour-2": "not_unsealed"})
        assert Complaint.objects.get().behaviour == "not_unsealed"

    def test_all_guesses_can_be_accepted_at_once(self, operator: Client) -> None:
        batch = sent(operator, [ticket(n, 诉求类型=None) for n in range(1, 4)])
        operator.post(reverse("complaint-import-choose", args=[batch.pk]), {"all": "1"})
        assert "3 complaints filed" in commit(operator, batch)
        assert set(Complaint.objects.values_list("behaviour", flat=True)) == {"not_unsealed"}

    def test_every_behaviour_is_known_by_its_own_words(self) -> None:
        for behaviour in BEHAVIOURS:
            if behaviour.code != "other":
                assert behaviour.code in kinds().values()
        assert kinds()["到期不解封"] == "not_unsealed"


class TestWhom:
    @pytest.mark.parametrize(
        ("written", "whom", "where"),
        [
            ("锦绣社区居委会", Whom.COMMUNITY, "home"),
            ("锦绣街道", Whom.STREET, "street"),
            ("朝阳区疫情防控指挥部", Whom.COUNTY, "county"),
            ("街道办事处", Whom.STREET, "street"),
            ("湖滨社区", Whom.COMMUNITY, "next_door"),
        ],
    )
    def test_an_office_is_recognised_by_its_area(
        self, operator: Client, cast: Cast, written: str, whom: Whom, where: str, next_door: Any
    ) -> None:
        areas = {"home": cast.home, "street": cast.home.line["street"], "county": cast.county}
        commit(operator, sent(operator, [ticket(被反映单位=written)]))
        complaint = Complaint.objects.get()
        assert complaint.whom == whom
        assert complaint.respondent == office(areas.get(where, next_door))

    @pytest.mark.parametrize(
        ("written", "whom"),
        [("某某物业公司", Whom.SITE), ("通州某街道办事处", Whom.OTHER), (None, Whom.UNKNOWN)],
    )
    def test_whom_nobody_knows_for_certain_is_not_made_up(
        self, operator: Client, written: str | None, whom: Whom
    ) -> None:
        commit(operator, sent(operator, [ticket(被反映单位=written)]))
        complaint = Complaint.objects.get()
        assert (complaint.whom, complaint.respondent) == (whom, None)

    def test_an_anonymous_caller_stays_anonymous(self, operator: Client) -> None:
        commit(operator, sent(operator, [ticket(来电人="匿名", 联系电话=None)]))
        assert not Complainant.objects.exists()


class TestWhoMay:
    def test_the_list_of_another_does_not_exist(
        self, operator: Client, cast: Cast, as_user: Callable[[User], Client]
    ) -> None:
        batch = sent(operator, [ticket()])
        colleague = as_user(officer("hotline2", office(cast.county, Department.TASK_FORCE)))
        for name in ("preview", "choose", "commit", "left-over"):
            address = reverse(f"complaint-import-{name}", args=[batch.pk])
            assert colleague.get(address).status_code == 404
        assert colleague.post(reverse("complaint-import-commit", args=[batch.pk])).status_code == 404
        assert not Complaint.objects.exists()

    def test_what_was_uploaded_is_encrypted_and_forgotten_with_the_commit(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1), ticket(2, 社区="错")])

        def stored() -> str:
            with connection.cursor() as cursor:
                cursor.execute("SELECT content, left_over FROM complaints_complaintlist")
                return str(cursor.fetchall())

        assert "欧阳特殊" not in stored()
        commit(operator, batch)
        batch.refresh_from_db()
        assert batch.content == ""
        assert "欧阳特殊" not in stored()


def test_a_long_list_is_looked_at_with_few_queries_and_filed_with_a_fixed_number_a_row(
    operator: Client, cast: Cast, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    rows = [ticket(n) if n % 50 else ticket(n, 联系电话="139") for n in range(1, 151)]
    batch = sent(operator, rows)
    with django_assert_max_num_queries(20):
        whole = importing.preview(batch, by=cast.operator, at=clock.now())
    assert whole.taken == 147
    press(operator, batch)
    with django_assert_max_num_queries(147 * 32):
        file_asked_lists()
    assert Complaint.objects.count() == 147
