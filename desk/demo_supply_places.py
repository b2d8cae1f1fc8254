"""What the demo town has for people behind closed doors: hotlines, hospitals, stores, people and cars."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from accounts.models import Area, User
from supplies.actions import kits, mutual, stock
from supplies.actions.planning import PlanText, write_plan
from supplies.models import (
    Car,
    CareSite,
    Carrier,
    Hotline,
    HotlineShift,
    Item,
    KitPart,
    MinimumLevel,
    MutualSupply,
    ReceivingPoint,
    Store,
    Supplier,
)
from supplies.rules.calls import HotlinePurpose
from supplies.rules.medical import CareStatus, TreatmentKind
from supplies.rules.stock import ItemCategory
from zones.models import Compound, Site
from zones.rules import SiteKind

COUNTY, STREET = "110105", "110105001"
HERE, NEXT_DOOR, THIRD = "110105001001", "110105001002", "110105001003"
DAY = dt.timedelta(days=1)
_HOTLINES = (
    # area, purpose, name, telephone, hours ("" is day and night), days since somebody checked it
    (HERE, HotlinePurpose.COMMUNITY, "锦绣社区服务热线", "010-66550011", "", 1),
    (NEXT_DOOR, HotlinePurpose.COMMUNITY, "湖滨社区服务热线", "010-66550012", "", 2),
    (STREET, HotlinePurpose.SUPPLIES, "锦绣街道生活保供热线", "010-66550020", "08:00-20:00", 1),
    (STREET, HotlinePurpose.MEDICAL, "锦绣街道就医协调专线", "010-66550021", "", 1),
    (COUNTY, HotlinePurpose.PHARMACY, "东湖区用药咨询", "010-66550031", "08:30-18:00", 3),
    (COUNTY, HotlinePurpose.PSYCHOLOGICAL, "东湖区心理援助热线", "010-66550032", "", 2),
    (COUNTY, HotlinePurpose.EDUCATION, "东湖区居家学习热线", "010-66550033", "09:00-17:00", 4),
    (COUNTY, HotlinePurpose.LORRIES, "东湖区货运保畅热线", "010-66550034", "", 20),
    (COUNTY, HotlinePurpose.COMPLAINTS, "东湖区防疫投诉热线", "010-66550035", "", 1),
)
_COUNTY_PLAN = PlanText(
    in_charge="东湖区生活物资保障专班 何建国",
    phone="010-66554001",
    market="京州菜篮子集团每天供应蔬菜包6000份、米面油2000套；每日20时前报次日需求。\n"
    "一家停供时，由两家连锁超市在4小时内补位。",
    delivery="各街道固定配送人员，12时前送到小区接收点，18时前送到户。\n每个封控小区一辆专车，备一辆机动车。",
    mutual="与西河区、北山区互为支援，缺口当日通报，次日送达；联系人见值班表。",
    reserve_days=10,
)
_STREET_PLAN = PlanText(
    in_charge="锦绣街道办事处 王建平",
    phone="010-66555001",
    market="惠民超市锦绣店、云杉里便民菜站，每天蔬菜包400份。",
    delivery="每个小区东门设接收点，楼门长与志愿者送到户，老人和孕产妇优先。",
    mutual="社区之间先调剂，不足时报区专班。",
    reserve_days=5,
)
_HOSPITALS = (
    # community, kind, name, direct line, treats, yellow code, status, reason
    (
        HERE,
        SiteKind.GENERAL_HOSPITAL,
        "京州市中心医院",
        "010-66553001",
        (TreatmentKind.DIALYSIS, TreatmentKind.CHEMOTHERAPY, TreatmentKind.PREGNANCY),
        True,
        CareStatus.OPEN,
        "",
    ),
    (
        NEXT_DOOR,
        SiteKind.GENERAL_HOSPITAL,
        "京州市第二医院",
        "010-66553002",
        (TreatmentKind.DIALYSIS,),
        False,
        CareStatus.FULL,
        "血透室两台机器检修，明日恢复",
    ),
    (NEXT_DOOR, SiteKind.PHARMACY, "康宁药房（湖滨店）", "010-66553003", (), False, CareStatus.OPEN, ""),
)
_ITEMS = (
    # name, unit, category, kit, what is inside, has an expiry date, per head and day
    ("蔬菜包", "份", ItemCategory.DAILY, True, "青菜1斤、土豆2斤、西红柿2斤、鸡蛋10枚", False, "0.25"),
    ("米面油包", "份", ItemCategory.DAILY, True, "大米5公斤、面粉2.5公斤、食用油1升", False, "0.03"),
    ("硝苯地平缓释片（降压药）", "盒", ItemCategory.DRUG, False, "", True, None),
    ("布洛芬缓释胶囊（退烧药）", "盒", ItemCategory.DRUG, False, "", True, None),
    ("连花清瘟胶囊", "盒", ItemCategory.TCM, False, "", True, None),
    ("速效救心丸", "瓶", ItemCategory.FIRST_AID, False, "", True, None),
    ("指夹式血氧仪", "台", ItemCategory.DEVICE, False, "", False, None),
    ("N95口罩", "只", ItemCategory.PROTECTION, False, "", True, "0.5"),
    ("青菜", "斤", ItemCategory.DAILY, False, "", True, None),
    ("土豆", "斤", ItemCategory.DAILY, False, "", False, None),
    ("西红柿", "斤", ItemCategory.DAILY, False, "", True, None),
    ("鸡蛋", "枚", ItemCategory.DAILY, False, "", True, None),
)
_IN_ONE = {"青菜": "1", "土豆": "2", "西红柿": "2", "鸡蛋": "10"}
"""What goes into one 蔬菜包."""
_STOCK = (
    # store, item, quantity, days until it expires (None: no date), minimum
    (HERE, "蔬菜包", 36, None, 20),
    (HERE, "米面油包", 12, None, 10),
    (HERE, "硝苯地平缓释片（降压药）", 40, 260, 10),
    (HERE, "布洛芬缓释胶囊（退烧药）", 30, 12, 15),
    (HERE, "连花清瘟胶囊", 4, 300, 30),
    (HERE, "速效救心丸", 6, -1, None),
    (HERE, "指夹式血氧仪", 5, None, None),
    (HERE, "N95口罩", 400, 500, 200),
    (NEXT_DOOR, "蔬菜包", 60, None, 20),
    (NEXT_DOOR, "连花清瘟胶囊", 120, 280, 20),
    (STREET, "米面油包", 80, None, None),
    (STREET, "青菜", 60, 3, None),
    (STREET, "土豆", 160, None, None),
    (STREET, "西红柿", 120, 6, None),
    (STREET, "鸡蛋", 600, 21, None),
)


@dataclass(slots=True)
class Places:
    """Everything that was there before anybody asked for anything."""

    areas: dict[str, Area]
    users: dict[str, User]
    today: dt.date
    moment: Callable[..., dt.datetime]
    items: dict[str, Item] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    hospitals: dict[str, Site] = field(default_factory=dict)
    lines: dict[str, Hotline] = field(default_factory=dict)

    @property
    def coordinator(self) -> User:
        """林红, who coordinates supplies for the street."""
        return self.users["linhong"]

    def lay(self) -> None:
        """Ten days ago, and kept since."""
        self._hotlines()
        self._hospitals()
        self._last_metre()
        self._stock()
        self._mutual_supply()

    def _hotlines(self) -> None:
        for area, purpose, name, phone, hours, checked in _HOTLINES:
            opens, _dash, closes = hours.partition("-")
            self.lines[name] = Hotline.objects.create(
                area=self.areas[area],
                purpose=purpose,
                name=name,
                phone=phone,
                all_day=not hours,
                opens_at=opens or None,
                closes_at=closes or None,
                checked_on=self.today - checked * DAY,
            )
        for name in ("锦绣街道生活保供热线", "锦绣街道就医协调专线"):
            HotlineShift.objects.bulk_create(
                HotlineShift(
                    hotline=self.lines[name],
                    user=self.users["sunli"],
                    starts_at=start,
                    ends_at=start + dt.timedelta(hours=12),
                )
                for start in (self.moment(1, 8), self.moment(1, 8) + DAY, self.moment(1, 8) + 2 * DAY)
            )

    def _hospitals(self) -> None:
        for community, kind, name, phone, treats, yellow, status, reason in _HOSPITALS:
            site = Site.objects.create(community=self.areas[community], kind=kind, name=name, phone=phone)
            self.hospitals[name] = site
            CareSite.objects.create(
                site=site,
                direct_line=phone,
                treats=[str(each) for each in treats],
                yellow_code=yellow,
                green_channel="透析、放化疗、孕产妇凭社区接诊单直接入院" if yellow else "",
                status=status,
                status_reason=reason,
                status_since=self.moment(2, 7),
                status_by=self.users["chenyan"],
            )

    def _last_metre(self) -> None:
        for name, driver, plate in (("锦绣花园", "周师傅", "京A·D6021"), ("云杉里", "吴师傅", "京A·D6035")):
            compound = Compound.objects.get(community=self.areas[HERE], name=name)
            ReceivingPoint.objects.create(
                compound=compound, name=f"{name}东门接收点", hours="8:00–20:00", phone="010-66550041"
            )
            Carrier.objects.create(compound=compound, name="王建军", phone="13910000021")
            Carrier.objects.create(compound=compound, name="志愿者小杨", phone="13910000022", volunteer=True)
            Car.objects.create(compound=compound, plate=plate, driver=driver, phone="13910000031")

    def _stock(self) -> None:
        for name, unit, category, kit, parts, keeps, rate in _ITEMS:
            self.items[name] = Item.objects.create(
                name=name,
                unit=unit,
                category=category,
                is_kit=kit,
                parts=parts,
                keeps_expiry=keeps,
                per_head_per_day=Decimal(rate) if rate else None,
            )
        names = {HERE: "锦绣社区物资库", NEXT_DOOR: "湖滨社区物资库", STREET: "锦绣街道物资站"}
        for area, name in names.items():
            self.stores[area] = Store.objects.create(area=self.areas[area], name=name)
        suppliers = {
            name: Supplier.objects.create(
                area=self.areas[COUNTY],
                name=name,
                phone="010-66554000",
                delivers=delivers,
                white_listed=True,
                white_list_number=number,
            )
            for name, delivers, number in (
                ("京州菜篮子集团", "蔬菜、米面油", "保供〔2022〕17号"),
                ("康宁医药", "药品、医疗器械、防护用品", "保供〔2022〕23号"),
            )
        }
        self._receive(suppliers)
        self._kits()
        self._plans()

    def _receive(self, suppliers: dict[str, Supplier]) -> None:
        at = self.moment(10, 9)
        for number, (area, name, quantity, days, least) in enumerate(_STOCK):
            item = self.items[name]
            daily = item.category == ItemCategory.DAILY
            lot = stock.ensure_lot(
                item,
                code=f"批{number + 1:02d}" if days is not None else "",
                expires_on=self.today + days * DAY if days is not None else None,
                supplier=suppliers["京州菜篮子集团" if daily else "康宁医药"],
            )
            stock.receive(
                store=self.stores[area],
                lot=lot,
                quantity=Decimal(quantity),
                key=f"demo-stock:{number}",
                by=self.coordinator,
                at=at,
            )
            if least:
                MinimumLevel.objects.create(store=self.stores[area], item=item, quantity=Decimal(least))

    def _plans(self) -> None:
        """The county's plan was looked through lately, the street's too long ago."""
        for code, by, ago, text in (
            (COUNTY, "chenyan", 6, _COUNTY_PLAN),
            (STREET, "wangjianping", 34, _STREET_PLAN),
        ):
            area, who = self.areas[code], self.users[by]
            write_plan(area=area, text=text, by=who, at=self.moment(ago, 9))

    def _kits(self) -> None:
        """Twenty 蔬菜包 were packed yesterday in the station of the street."""
        kit = self.items["蔬菜包"]
        parts = {self.items[name]: Decimal(quantity) for name, quantity in _IN_ONE.items()}
        KitPart.objects.bulk_create(
            KitPart(kit=kit, item=item, quantity=quantity) for item, quantity in parts.items()
        )
        kits.pack(
            store=self.stores[STREET],
            kit=kit,
            kits=20,
            parts=parts,
            key="a1b2c3-demo-kits",
            by=self.coordinator,
            at=self.moment(1, 10),
        )

    def _mutual_supply(self) -> None:
        """One that has arrived, one on the way, one that is only asked for."""
        by, tcm = self.coordinator, self.items["连花清瘟胶囊"]
        arrived = self._asked(HERE, "蔬菜包", 10, 6)
        self._offered(arrived, NEXT_DOOR, HERE, 10, 6)
        mutual.ship(mutual=arrived, by=by, at=self.moment(6, 14))
        mutual.receive(mutual=arrived, quantity=Decimal(10), note="", by=by, at=self.moment(6, 16))
        under_way = self._asked(HERE, tcm.name, 40, 1)
        self._offered(under_way, NEXT_DOOR, HERE, 30, 1)
        mutual.ship(mutual=under_way, by=by, at=self.moment(1, 17))
        self._asked(THIRD, "N95口罩", 200, 1)

    def _asked(self, area: str, item: str, quantity: int, ago: int) -> MutualSupply:
        return mutual.ask(
            area=self.areas[area],
            item=self.items[item],
            quantity=Decimal(quantity),
            wanted_on=self.today + DAY,
            note="封控楼栋用量增加",
            by=self.coordinator,
            at=self.moment(ago, 9),
        )

    def _offered(self, found: MutualSupply, giver: str, taker: str, quantity: int, ago: int) -> None:
        by = self.coordinator
        mutual.offer(
            mutual=found, quantity=Decimal(quantity), store=self.stores[giver], by=by, at=self.moment(ago, 10)
        )
        mutual.agree(mutual=found, store=self.stores[taker], by=by, at=self.moment(ago, 11))
