"""What messages say: complete in both languages, numbers from the context, never a placeholder left over."""

import re

import pytest
from django.utils import translation

from notices.rules import CHANNELS, FAILURES, MESSAGE_KINDS, Failure, MessageKind, failure_code, failure_text
from notices.wording import compose, wording_of

FULL = {
    MessageKind.TEST_TOMORROW: {"on": "2022-11-17", "notice_phone": "010-6500 1234"},
    MessageKind.TEST_TODAY: {"on": "2022-11-16", "notice_phone": "010-6500 1234"},
    MessageKind.TESTS_TOMORROW: {
        "on": "2022-11-17",
        "count": 5,
        "by_place": [["锦绣花园", 3], ["湖滨里", 2]],
    },
    MessageKind.TESTS_TODAY: {"on": "2022-11-16", "count": 5, "by_place": [["锦绣花园", 3], ["湖滨里", 2]]},
    MessageKind.TESTS_OVERDUE: {"count": 2, "oldest_on": "2022-11-14"},
    MessageKind.STAGE_CHANGES: {"on": "2022-11-16", "count": 2, "unchecked": 1, "clause": "三(一)"},
    MessageKind.RELEASED: {
        "release_on": "2022-11-23",
        "days": 8,
        "clause": "二(一)",
        "notice_phone": "010-6500 1234",
    },
    MessageKind.RELEASES: {"on": "2022-11-23", "count": 3},
    MessageKind.CODE_ASSIGNED: {"episode": 7, "code": "assigned", "at": "2022-11-14T16:00:00+00:00"},
    MessageKind.CODE_LIFTED: {"episode": 7, "code": "lifted", "at": "2022-11-22T16:00:00+00:00"},
    MessageKind.POSITIVE: {"episode": 7, "on": "2022-11-16"},
    MessageKind.HANDOVER: {"episode": 7, "state": "offered"},
    MessageKind.STOCK_ALERTS: {"below_minimum": 2, "expires_soon": 1, "expired": 1},
    MessageKind.MUTUAL_SUPPLY: {
        "step": "ask",
        "item": "蔬菜包",
        "quantity": "20 份",
        "asking": "锦绣社区",
        "offering": "",
        "wanted_on": "2022-11-17",
    },
}
ZONE = {
    "compound": "锦绣花园",
    "boundary": "3号楼、5号楼1单元",
    "units": 4,
    "found_on": "2022-11-12",
    "release_on": "2022-11-18",
    "days": 5,
    "clause": "二(四)",
    "reason": "核查后无风险。",
    "decision": "approved",
    "notice_phone": "010-6500 1234",
}
COMPLAINT = {
    "number": "221116-12345678",
    "behaviour": {"zh-hans": "到期不解封", "en": "Not unsealed"},
    "clause": "二(十六)",
    "due_at": "2022-11-17T04:00:00+00:00",
    "what": "answered",
    "named": "锦绣街道",
    "count": 3,
    "days": 180,
}
FULL |= {
    kind: COMPLAINT
    for kind in MessageKind
    if kind.value.startswith(("complaint", "order_", "naming_")) and kind not in FULL
}
FULL |= {kind: ZONE for kind in MessageKind if kind not in FULL}


@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("context", ["full", "empty"])
def test_every_kind_has_words_with_and_without_its_context(
    chinese: None, kind: MessageKind, language: str, context: str
) -> None:
    wording = compose(kind, FULL[kind] if context == "full" else {}, language)
    for text in (wording.title, wording.body) if context == "full" else (wording.title,):
        assert text.strip()
        assert not re.search(r"%\(|None|\{|  ", text)


@pytest.mark.parametrize("kind", MessageKind)
def test_chinese_words_are_chinese_through_and_through(chinese: None, kind: MessageKind) -> None:
    wording = compose(kind, FULL[kind], "zh-hans")
    assert not re.search(r"[A-Za-z]", wording.title + wording.body)
    assert compose(kind, FULL[kind], "en") != wording


def test_a_resident_reads_the_day_of_the_test_and_whom_to_call(chinese: None) -> None:
    wording = compose(MessageKind.TEST_TOMORROW, FULL[MessageKind.TEST_TOMORROW], "zh-hans")
    assert wording.body == (
        "您明天（11月17日 星期四）需要做一次核酸检测。请按社区或隔离点的通知等候采样。"
        "咨询电话：010-6500 1234。"
    )


def test_the_release_names_date_days_and_clause_from_the_context(chinese: None) -> None:
    wording = compose(MessageKind.RELEASED, FULL[MessageKind.RELEASED], "zh-hans")
    assert wording.body.startswith("您的管控期（8天）已满〔二(一)〕。自11月23日 星期三 0时起解除。")


def test_a_release_swept_without_days_still_names_its_date(chinese: None) -> None:
    wording = compose(MessageKind.RELEASED, {"release_on": "2022-11-23", "clause": "二(一)"}, "zh-hans")
    assert wording.body.startswith("您的管控期已满〔二(一)〕。自11月23日 星期三 0时起解除。")


def test_the_people_of_a_sealed_unit_read_until_when_and_by_which_clause(chinese: None) -> None:
    context = {**ZONE, "boundary": "", "unit": "3号楼2单元"}
    wording = compose(MessageKind.UNIT_SEALED, context, "zh-hans")
    assert "锦绣花园3号楼2单元" in wording.body
    assert "〔二(四)〕" in wording.body
    assert "11月18日 星期五 0时" in wording.body


def test_an_instant_is_told_in_the_time_of_shanghai(chinese: None) -> None:
    wording = compose(MessageKind.CODE_LIFTED, FULL[MessageKind.CODE_LIFTED], "zh-hans")
    assert "11月23日 星期三 00:00" in wording.body


def test_a_digest_names_places_and_stays_short_however_many_there_are(chinese: None) -> None:
    many = [[f"第{n}号集中隔离点（云栖酒店分部）", n] for n in range(1, 301)]
    wording = compose(
        MessageKind.TESTS_TODAY, {"on": "2022-11-16", "count": 45150, "by_place": many}, "zh-hans"
    )
    assert "第1号集中隔离点（云栖酒店分部）1人；第2号" in wording.body
    assert wording.body.endswith("另有288处。")
    assert len((wording.title + wording.body).encode()) < 2000


@pytest.mark.parametrize(("unchecked", "said"), [(0, "居家条件均已核实。"), (2, "其中2人的居家条件尚未核实")])
def test_who_goes_home_today_and_whether_the_homes_are_checked(
    chinese: None, unchecked: int, said: str
) -> None:
    context = {"on": "2022-11-16", "count": 3, "unchecked": unchecked}
    wording = compose(MessageKind.STAGE_CHANGES, context, "zh-hans")
    assert wording.title == "今日3人转居家"
    assert said in wording.body


def test_english_counts_one_and_many() -> None:
    assert compose(MessageKind.RELEASES, {"count": 1}, "en").title == "1 person is released today"
    assert compose(MessageKind.RELEASES, {"count": 2}, "en").title == "2 people are released today"


def test_what_leaves_for_a_street_names_the_community(chinese: None) -> None:
    wording = compose(MessageKind.RELEASES, {"count": 2, "area": "锦绣社区"}, "zh-hans")
    assert wording.title == "锦绣社区：今日解除2人"


def test_a_row_that_makes_no_sense_is_shown_by_its_kind(chinese: None) -> None:
    assert wording_of("test_today", {"on": "soon"}, "en").title == "test today (to the resident)"
    assert wording_of("test_today", {"on": "soon"}, "zh-hans").title == "今日核酸（发给本人）"
    assert wording_of("unheard_of", {}, "en").title == "unheard_of"


def test_every_word_of_the_outbox_has_its_chinese(chinese: None) -> None:
    with translation.override("zh-hans"):
        labels = [str(label) for table in (MESSAGE_KINDS, CHANNELS, FAILURES) for label in table.values()]
    assert all(re.search(r"[一-鿿]", label) for label in labels), labels


def test_a_stored_failure_is_a_sentence_for_the_reader(chinese: None) -> None:
    with translation.override("en"):
        assert failure_text(failure_code(Failure.HTTP, "503")) == "refused with status 503"
        assert failure_text("timeout") == "no answer in time"
    with translation.override("zh-hans"):
        assert failure_text("http:503") == "对方拒收，状态码 503"
    assert failure_text("") == ""


def test_a_stored_failure_keeps_no_number_of_a_person() -> None:
    assert "13912345678" not in failure_code(Failure.PLATFORM, "45009 to 13912345678 refused")
    assert "45009" in failure_code(Failure.PLATFORM, "45009 to 13912345678 refused")


def test_a_caller_is_sent_the_number_and_where_and_the_secret_only_when_asked_for(chinese: None) -> None:
    context = {"number": "221116-12345678", "what": "filed", "track": "https://jf.example/complaints/track/"}
    body = compose(MessageKind.COMPLAINT_UPDATE, context, "zh-hans").body
    assert "221116-12345678" in body
    assert "https://jf.example/complaints/track/" in body
    assert "查询码：" not in body
    asked = compose(MessageKind.COMPLAINT_UPDATE, context | {"secret": "1111 2222 3333 4444"}, "zh-hans")
    assert "查询码：1111 2222 3333 4444" in asked.body
