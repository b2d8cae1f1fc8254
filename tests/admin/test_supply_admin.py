"""Supplies in the admin site: what supervisors keep, history that is read, and what has no page at all."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Level, Role
from accounts.scoped import area_columns
from cases.actions.registration import list_person
from cases.models import Person
from supplies.models import (
    CareSite,
    Carrier,
    Consult,
    Counsel,
    Hotline,
    HotlineShift,
    MinimumLevel,
    NeedLimit,
    Supplier,
)
from supplies.rules.needs import Urgency
from tests.builders import area, entry, episode, noon, staff
from tests.scope import supplied
from tests.scope.conftest import NAME, PHONE, admitted
from tests.supplies.world import need_of

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Go = Callable[[dt.date], None]
TODAY = supplied.TODAY
HISTORY = {
    "supplies_balance": "balance",
    "supplies_movement": "movement",
    "supplies_stockcount": "count",
    "supplies_need": "need",
    "supplies_consult": "consult",
    "supplies_call": "call",
    "supplies_deliveryround": "delivery",
    "supplies_mutualsupply": "mutual",
    "supplies_residentlink": "link",
}
KEPT = {
    "supplies_hotline": "hotline",
    "supplies_caresite": "care",
    "supplies_receivingpoint": "point",
    "supplies_carrier": "carrier",
    "supplies_car": "car",
    "supplies_store": "store",
    "supplies_minimumlevel": "minimum",
    "supplies_supplier": "supplier",
}


@pytest.fixture
def records(home: Area, street: Area, alice: User, the_day: Go) -> SimpleNamespace:
    """One record of each kind in Alice's community, on 15 November 2022."""
    the_day(TODAY)
    area("柳荫社区", Level.COMMUNITY, "110105001003", street)
    held = episode(alice, name=NAME, phone=PHONE)
    assert held.person.unit is not None
    known = SimpleNamespace(person=held.person, compound=held.person.unit.building.compound)
    return supplied.complete(known, home=home, alice=alice)


@pytest.fixture
def dora(home: Area) -> User:
    """The supervisor of Alice's community only."""
    return admitted(staff("dora", home, Role.SUPERVISOR))


@pytest.fixture
def eve(next_door: Area) -> User:
    """The supervisor of the next community."""
    return admitted(staff("eve", next_door, Role.SUPERVISOR))


@pytest.fixture
def far(county: Area) -> User:
    """The supervisor of another county."""
    assert county.parent is not None
    return admitted(staff("far", area("海淀区", Level.COUNTY, "110108", county.parent), Role.SUPERVISOR))


def page_of(browser: Client, name: str, *args: object, **query: str) -> str:
    answer = browser.get(reverse(f"admin:{name}", args=args), query)
    assert answer.status_code == 200, name
    return answer.content.decode()


def in_english(browser: Client) -> Client:
    browser.cookies["django_language"] = "en"
    return browser


# ── whose records ────────────────────────────────────────────────────────────────────────────────


def test_a_supervisor_reads_the_own_area_and_nothing_of_any_other(
    records: SimpleNamespace, dora: User, eve: User, far: User, as_user: Login
) -> None:
    mine = as_user(dora)
    for model, kind in (HISTORY | KEPT).items():
        record = getattr(records, kind)
        change = reverse(f"admin:{model}_change", args=[record.pk])
        assert mine.get(change).status_code == 200, model
        assert f"{model.replace('_', '/')}/{record.pk}/" in page_of(mine, f"{model}_changelist"), model
        for other in (eve, far):
            theirs = as_user(other)
            assert theirs.get(change).status_code == 404, (model, other.username)
            listed = page_of(theirs, f"{model}_changelist")
            assert f"{model.replace('_', '/')}/{record.pk}/" not in listed, (model, other.username)


def test_no_history_is_made_edited_or_deleted(records: SimpleNamespace, dora: User, as_user: Login) -> None:
    browser = as_user(dora)
    for model, kind in HISTORY.items():
        record = getattr(records, kind)
        before = type(record).objects.filter(pk=record.pk).values().get()
        change = browser.post(
            reverse(f"admin:{model}_change", args=[record.pk]),
            {"state": "confirmed", "quantity": "999", "reason": "x", "answer": "accepted"},
        )
        delete = browser.post(reverse(f"admin:{model}_delete", args=[record.pk]), {"post": "yes"})
        add = browser.get(reverse(f"admin:{model}_add"))
        assert (change.status_code, delete.status_code, add.status_code) == (403, 403, 403), model
        assert type(record).objects.filter(pk=record.pk).values().get() == before, model


def test_what_is_kept_is_not_deleted_either_except_a_minimum(
    records: SimpleNamespace, dora: User, as_user: Login
) -> None:
    browser = as_user(dora)
    for model, kind in KEPT.items():
        record = getattr(records, kind)
        answer = browser.post(reverse(f"admin:{model}_delete", args=[record.pk]), {"post": "yes"})
        assert answer.status_code == (302 if model == "supplies_minimumlevel" else 403), model
    assert not MinimumLevel.objects.exists()


# ── what is shown of people ──────────────────────────────────────────────────────────────────────


def test_neither_a_telephone_nor_a_link_is_shown(
    records: SimpleNamespace, dora: User, as_user: Login
) -> None:
    browser = as_user(dora)
    pages = [
        page_of(browser, f"{model}_{page}", *([getattr(records, kind).pk] if page == "change" else []))
        for model, kind in HISTORY.items()
        for page in ("changelist", "change")
    ]
    signature = records.link_token.partition("-")[2]
    for page in pages:
        for word in (PHONE, PHONE[-4:], records.link_token, signature, records.call.phone_digest):
            assert word not in page
    people = Carrier.objects.get().phone
    assert people
    assert people not in page_of(browser, "supplies_carrier_changelist")


def test_a_need_names_its_person_only_to_whoever_sees_the_person(
    alice: User, home: Area, next_door: Area, dora: User, as_user: Login, the_day: Go
) -> None:
    the_day(TODAY)
    person = list_person(entry(home, name=NAME, phone="13811112222").facts, by=alice, at=noon(TODAY))
    need = need_of(person, by=alice)
    browser = as_user(dora)
    assert NAME in page_of(browser, "supplies_need_change", need.pk)
    Person.objects.filter(pk=person.pk).update(**area_columns(next_door))
    assert NAME not in page_of(browser, "supplies_need_change", need.pk)
    assert NAME not in page_of(browser, "supplies_need_changelist")
    assert need.number in page_of(browser, "supplies_need_changelist")


def test_talks_of_counsellors_have_no_page_and_stand_on_none(
    records: SimpleNamespace, dora: User, as_user: Login
) -> None:
    assert Counsel not in admin.site._registry
    assert records.counsel.notes == supplied.SAID
    browser = as_user(dora)
    pages = [page_of(browser, "index"), browser.get("/admin/supplies/").content.decode()]
    pages += [page_of(browser, "cases_person_change", records.person.pk)]
    pages += [
        page_of(browser, f"{model}_change", getattr(records, kind).pk) for model, kind in HISTORY.items()
    ]
    pages += [page_of(browser, "supplies_need_change", records.talk_need.pk)]
    for page in pages:
        assert supplied.SAID not in page
        assert "counsel/" not in page
    assert browser.get("/admin/supplies/counsel/").status_code == 404


def test_a_refusal_stands_there_with_its_reason(records: SimpleNamespace, dora: User, as_user: Login) -> None:
    Consult.objects.filter(pk=records.consult.pk).update(
        answer="refused", reason="没有黄码床位", answered_at=noon(TODAY)
    )
    listed = page_of(as_user(dora), "supplies_consult_changelist", answer__exact="refused")
    for word in ("没有黄码床位", "友谊医院", records.patient.number):
        assert word in listed, word


# ── what supervisors keep ────────────────────────────────────────────────────────────────────────


def test_a_line_nobody_checked_for_two_weeks_is_marked_until_it_is_called(
    records: SimpleNamespace, dora: User, eve: User, as_user: Login
) -> None:
    Hotline.objects.update(checked_on=TODAY - dt.timedelta(days=15))
    address = reverse("admin:supplies_hotline_changelist")
    chosen = {"action": "checked_today", "_selected_action": [records.hotline.pk]}

    assert records.hotline.name in page_of(as_user(dora), "supplies_hotline_changelist", checked="late")
    as_user(eve).post(address, chosen)
    assert Hotline.objects.get().is_out_of_date(TODAY)
    as_user(dora).post(address, chosen)
    assert Hotline.objects.get().checked_on == TODAY
    assert records.hotline.name not in page_of(as_user(dora), "supplies_hotline_changelist", checked="late")


def test_the_last_week_of_a_roster_is_repeated_and_what_stands_there_is_left_alone(
    records: SimpleNamespace, dora: User, eve: User, as_user: Login
) -> None:
    line, day = records.hotline, dt.timedelta(days=1)
    line.shifts.all().delete()
    for before in (10, 3, 1):
        starts = noon(TODAY) - before * day
        HotlineShift.objects.create(hotline=line, user=dora, starts_at=starts, ends_at=starts + day / 2)
    by_hand = noon(TODAY) + 6 * day
    HotlineShift.objects.create(hotline=line, user=eve, starts_at=by_hand, ends_at=by_hand + day / 2)
    chosen = {"action": "repeat_week", "_selected_action": [line.pk]}
    address = reverse("admin:supplies_hotline_changelist")

    as_user(eve).post(address, chosen)
    assert line.shifts.count() == 4, "not hers to write"
    HotlineShift.objects.filter(user=eve).update(starts_at=noon(TODAY) - 2 * day, ends_at=noon(TODAY) - day)
    as_user(dora).post(address, chosen)
    later = line.shifts.filter(starts_at__gt=noon(TODAY)).order_by("starts_at")
    assert [(each.starts_at, each.user) for each in later] == [
        (noon(TODAY) + 4 * day, dora),
        (noon(TODAY) + 5 * day, eve),
        (noon(TODAY) + 6 * day, dora),
    ]
    assert later[0].ends_at == noon(TODAY) + 4.5 * day


def hotline_form(line: Hotline, user: User, **changes: str) -> dict[str, str]:
    """The form of a line with one new shift."""
    return {
        "area": str(line.area_id),
        "purpose": line.purpose,
        "name": line.name,
        "phone": line.phone,
        "site": "",
        "all_day": "on",
        "checked_on": str(TODAY),
        "enabled": "on",
        "shifts-TOTAL_FORMS": "2",
        "shifts-INITIAL_FORMS": "1",
        "shifts-0-id": str(line.shifts.get().pk),
        "shifts-0-hotline": str(line.pk),
        "shifts-0-user": str(line.shifts.get().user_id),
        "shifts-0-starts_at_0": "2022-11-15",
        "shifts-0-starts_at_1": "08:00",
        "shifts-0-ends_at_0": "2022-11-15",
        "shifts-0-ends_at_1": "20:00",
        "shifts-1-hotline": str(line.pk),
        "shifts-1-user": str(user.pk),
        "shifts-1-starts_at_0": "2022-11-16",
        "shifts-1-starts_at_1": "08:00",
        "shifts-1-ends_at_0": "2022-11-16",
        "shifts-1-ends_at_1": "20:00",
    } | changes


def test_shifts_are_those_of_the_own_staff(
    records: SimpleNamespace, dora: User, bob: User, home: Area, as_user: Login
) -> None:
    address = reverse("admin:supplies_hotline_change", args=[records.hotline.pk])
    colleague = staff("colleague", home, Role.HOTLINE_OPERATOR)
    browser = as_user(dora)

    assert browser.post(address, hotline_form(records.hotline, bob)).status_code == 200
    assert HotlineShift.objects.count() == 1
    assert browser.post(address, hotline_form(records.hotline, colleague)).status_code == 302
    assert set(HotlineShift.objects.values_list("user__username", flat=True)) == {"alice", "colleague"}


def test_a_hospital_that_closes_says_why_and_since_when(
    records: SimpleNamespace, dora: User, as_user: Login
) -> None:
    address = reverse("admin:supplies_caresite_change", args=[records.care.pk])
    form = {
        "direct_line": "120",
        "departments": "",
        "treats": "dialysis",
        "green_channel": "",
        "status": "full",
    }
    browser = as_user(dora)

    assert browser.post(address, form | {"status_reason": ""}).status_code == 200
    assert CareSite.objects.get().status == "open"
    assert browser.post(address, form | {"status_reason": "透析室满"}).status_code == 302
    care = CareSite.objects.get()
    assert (care.status, care.treats, care.status_by) == ("full", ["dialysis"], dora)
    assert care.status_since > records.care.status_since


def test_limits_bind_every_office_so_only_whoever_stands_above_all_sets_them(
    records: SimpleNamespace, dora: User, carol: User, as_user: Login
) -> None:
    limit = {"urgency": str(Urgency.NORMAL), "kind": "food", "minutes": "600"}
    add = reverse("admin:supplies_needlimit_add")
    change = reverse("admin:supplies_needlimit_change", args=[records.limit.pk])

    assert "180" in page_of(as_user(dora), "supplies_needlimit_changelist")
    assert as_user(dora).post(add, limit).status_code == 403
    assert as_user(dora).post(change, limit).status_code == 403
    assert as_user(admitted(carol)).post(add, limit).status_code == 302
    assert set(NeedLimit.objects.values_list("minutes", flat=True)) == {180, 600}


def test_a_supplier_of_the_area_above_is_seen_and_kept_there(
    records: SimpleNamespace, street: Area, dora: User, as_user: Login
) -> None:
    above = Supplier.objects.create(area=street, name="京州菜篮子")
    browser = as_user(dora)
    change = reverse("admin:supplies_supplier_change", args=[above.pk])

    assert browser.get(change).status_code == 200
    assert browser.post(change, {"area": street.pk, "name": "x"}).status_code == 403
    assert Supplier.objects.get(pk=above.pk).name == "京州菜篮子"


def test_what_a_head_needs_a_day_is_called_a_local_setting(
    records: SimpleNamespace, dora: User, as_user: Login
) -> None:
    type(records.item).objects.update(per_head_per_day=Decimal("0.2500"))
    page = page_of(in_english(as_user(dora)), "supplies_item_changelist")
    assert "local setting" in page.lower()
    assert "0.25" in page


def test_a_longer_list_costs_no_more_queries(
    records: SimpleNamespace, alice: User, dora: User, as_user: Login
) -> None:
    browser = as_user(dora)
    lists = [f"{model}_changelist" for model in (*HISTORY, *KEPT)]

    def cost() -> dict[str, int]:
        found = {}
        for name in lists:
            with CaptureQueriesContext(connection) as queries:
                page_of(browser, name)
            found[name] = len(queries)
        return found

    few = cost()
    more(records, alice)
    assert cost() == few


def more(records: SimpleNamespace, by: User) -> None:
    """Two more rows of everything that lists names of other records."""
    for number in (1, 2):
        need_of(records.person, by=by)
        for kind in ("hotline", "care", "point", "carrier", "car", "store", "supplier", "call", "link"):
            copied(getattr(records, kind), number)


def copied(record: Any, number: int) -> None:
    """The same row once more, under another name where names are unique."""
    model = type(record)
    values = {field.attname: getattr(record, field.attname) for field in model._meta.concrete_fields}
    values.pop("id")
    if "key" in values:
        values["key"] = ""  # the one that is written once
    if "name" in values:
        values["name"] = f"{values['name']}{number}"
    if "plate" in values:
        values["plate"] = f"{values['plate']}{number}"
    if "site_id" in values and model is CareSite:
        site = record.site
        values["site_id"] = (
            type(site)
            .objects.create(community=site.community, kind=site.kind, name=f"{site.name}{number}")
            .pk
        )
    model.objects.create(**values)
