"""Addresses of supplies: residents with their link, the public directory, the desks of staff."""

from tests.scope.doors.shapes import (
    CALLS,
    COUNSEL,
    EXPORT,
    REVEAL,
    STOCK,
    SUPERVISE,
    SUPPLY,
    WORK,
    Door,
    Records,
    act,
    api,
    both,
    read,
)

SEES = (SUPPLY, CALLS)
"""Who sees the needs desk."""
HANDS_OUT = (WORK, SUPPLY)
"""Who makes a resident's link and hands it out."""
TOKEN = {"token": "{link_token}"}


def mine(*, get: bool = True, post: bool = False, **path: str) -> Door:
    """A page behind the household's link: the address itself is the key."""
    return Door(None, get, post, form={}, path=TOKEN | path, csrf=False)


PUBLIC: dict[str, Door] = {
    "hotlines": Door(None),
    "my-page": mine(),
    "my-look": mine(get=False, post=True),
    "my-ask": mine(post=True, kind="food"),
    "my-emergency": mine(post=True),
    "my-need": mine(number="{need_number}"),
    "my-word": mine(get=False, post=True, number="{need_number}", word="cancel"),
    "my-release": mine(pk="{ended}"),
}

LINKS: dict[str, Door] = {
    "resident-link": read(HANDS_OUT, "person"),
    "resident-link-print": read(HANDS_OUT, "person"),
    "resident-link-make": act(HANDS_OUT, "person"),
    "resident-link-renew": act(HANDS_OUT, "person"),
    "resident-link-withdraw": act(HANDS_OUT, "person"),
}

NEEDS: dict[str, Door] = {
    "needs": read(SEES),
    "needs-search": act(SEES, words="1203"),
    "needs-bulk": act(SUPPLY, act="take", need="{need}"),
    "need-new": both(SEES, words="1203"),
    "need": read(SEES, "need"),
    "need-owner": act(SUPPLY, "need", owner="1"),
    "need-note": act(SEES, "need", text="楼下电梯坏了"),
    "need-call": act(REVEAL, "need"),
    "need-move": Door(
        SUPPLY, get=False, post=True, names="need", form={"reason": "不要了"}, path={"verb": "cancel"}
    ),
    "need-issue": both(STOCK, "need"),
    "need-give-back": Door(
        STOCK,
        get=False,
        post=True,
        names="need",
        form={"store": "{store}", "lot": "{lot}", "quantity": "1", "key": "0" * 32},
    ),
}

CALL_DESK: dict[str, Door] = {
    "calls": both(CALLS, q="1203"),
    "call-new": both(CALLS, note="x"),
    "call-log": both(CALLS, words="1203"),
    "call-number": act(REVEAL, "call"),
    "call-returned": act(CALLS, "call"),
    "key-persons": both(SUPPLY, q="林"),
    "care-plan": both(SUPPLY, "person", every_days="3"),
    "care-end": act(SUPPLY, "person"),
    "care-call-now": act(SUPPLY, "person"),
    "care-call": both(SUPPLY, "care_call", outcome="well", token="1"),
}

MEDICAL: dict[str, Door] = {
    "medical-needs": both(SUPPLY, q="林"),
    "medical-need": read(SUPPLY, "patient"),
    "medical-ask": act(SUPPLY, "patient", site="{hospital}"),
    "medical-answer": act(SUPPLY, "patient", consult="{consult}", answer="refused", reason="没有床位"),
    "medical-set-out": act(SUPPLY, "patient", site="{hospital}"),
    "medical-stage": act(SUPPLY, "patient", trip="{trip}", stage="arrived"),
    "medical-turned-away": act(SUPPLY, "patient", trip="{trip}", reason="没有床位"),
    "medical-120": act(SUPPLY, "patient"),
    "medical-end": act(SUPPLY, "patient", reason="不去了"),
    "hospitals": read(SUPPLY),
    "hospital": Door(SUPPLY, post=True, names="hospital", form={"direct_line": "1"}, near=True),
    "prescriptions": both(SUPPLY, q="林"),
    "prescription": both(SUPPLY, "prescription", medicine="硝苯地平", lasts_until="2022-12-15"),
    "prescription-new": both(SUPPLY, "person", medicine="硝苯地平", lasts_until="2022-12-15"),
    "prescription-refill": act(SUPPLY, "prescription"),
    "prescription-end": act(SUPPLY, "prescription"),
    "counsels": read(COUNSEL),
    "counsel": both(COUNSEL, "person", notes="x"),
}

ROUNDS: dict[str, Door] = {
    "rounds": read(SUPPLY),
    "round-new": Door(
        SUPPLY, post=True, names="compound", form={"on": "2022-11-15"}, query={"compound": "{compound}"}
    ),
    "round": read(SUPPLY, "delivery"),
    "round-phones": act(REVEAL, "delivery"),
    "round-assign": act(SUPPLY, "delivery", carrier="{carrier}"),
    "round-act": Door(SUPPLY, get=False, post=True, names="delivery", form={}, path={"act": "start"}),
    "round-tick": Door(
        SUPPLY,
        get=False,
        post=True,
        names="delivery",
        form={"outcome": "delivered", "tick_id": "t1"},
        path={"stop": "{stop}"},
    ),
    "round-call": Door(REVEAL, get=False, post=True, names="delivery", form={}, path={"stop": "{stop}"}),
    "carrying": read(SUPPLY),
    "carrying-new": both(STOCK, path={"kind": "points"}),
    "carrying-edit": both(STOCK, "point", path={"kind": "points"}),
}

STORED: dict[str, Door] = {
    "stock": read(SUPPLY),
    "stock-export": read((STOCK, EXPORT)),
    "movements-export": read((STOCK, EXPORT)),
    "stock-item": read(SUPPLY, path={"pk": "{item}"}),
    "stock-item-edit": both(SUPERVISE, path={"pk": "{item}"}, name="蔬菜包"),
    "stock-minimum": both(STOCK, path={"pk": "{item}"}, quantity="3"),
    "kit-pack": both(STOCK, path={"pk": "{item}"}, kits="1"),
    "kit-recipe": both(SUPERVISE, path={"pk": "{item}"}, quantity_0="1"),
    "kit-unpack": both(STOCK, "kits", kits="1"),
    "stock-receive": both(STOCK, quantity="1"),
    "stock-transfer": both(STOCK, "balance", quantity="1"),
    "stock-expired": both(STOCK, balance="1"),
    "stock-import": both(STOCK),
    "stock-import-template": read(STOCK),
    "stock-import-take": act(STOCK, packed="x"),
    "demand": read(SUPPLY),
    "stores": read(SUPPLY),
    "store-new": both(STOCK, name="小仓"),
    "store-edit": both(STOCK, "store", name="社区仓库"),
    "stock-count": both(STOCK, "store"),
    "suppliers": read(SUPPLY),
    "supplier-new": both(SUPERVISE, name="鲜生"),
    "supplier-edit": both(SUPERVISE, "supplier", name="东湖蔬菜"),
    "supply-plans": read(SUPPLY),
    "supply-plan-new": both(STOCK, in_charge="老李"),
    "supply-plan": read(SUPPLY, "supply_plan"),
    "supply-plan-edit": both(STOCK, "supply_plan", in_charge="老李"),
    "supply-plan-confirm": act(STOCK, "supply_plan"),
    "mutual": read(SUPPLY),
    "mutual-new": both(STOCK, quantity="1"),
    "mutual-detail": read(SUPPLY, "mutual"),
    "mutual-act": Door(STOCK, get=False, post=True, names="mutual", form={}, path={"verb": "decline"}),
}

PAGES: dict[str, Door] = LINKS | NEEDS | CALL_DESK | MEDICAL | ROUNDS | STORED

API: dict[str, Door] = {
    "api-needs": api(CALLS, post=CALLS, kind="talk"),
    "api-need": Door(CALLS, names="need", api=True, path={"number": "{need_number}"}),
    "api-need-word": Door(
        SUPPLY,
        get=False,
        post=True,
        names="need",
        form={"word": "cancel", "reason": "不要了"},
        api=True,
        post_needs=SUPPLY,
        path={"number": "{need_number}"},
    ),
}

ADMIN: dict[str, Records] = {
    "supplies_hotline": Records("hotline", add=True),
    "supplies_caresite": Records("care", add=True),
    "supplies_receivingpoint": Records("point", add=True),
    "supplies_carrier": Records("carrier", add=True),
    "supplies_car": Records("car", add=True),
    "supplies_item": Records("item", add=True, shared=True),
    "supplies_store": Records("store", add=True),
    "supplies_minimumlevel": Records("minimum", add=True, delete=True),
    "supplies_supplier": Records("supplier", add=True),
    "supplies_supplyplan": Records("supply_plan"),
    "supplies_needlimit": Records("limit", add=True, delete=True, shared=True, above_all=True),
    "supplies_balance": Records("balance"),
    "supplies_movement": Records("movement"),
    "supplies_stockcount": Records("count"),
    "supplies_need": Records("need"),
    "supplies_consult": Records("consult"),
    "supplies_call": Records("call"),
    "supplies_deliveryround": Records("delivery"),
    "supplies_mutualsupply": Records("mutual"),
    "supplies_residentlink": Records("link"),
}
"""Talks of psychological support have no page in the admin site."""
