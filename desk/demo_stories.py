"""What the people of the demo town complained about, and what became of it: data for `desk.demo_complaints`.

Hours count from the receipt. Every text is invented.
"""

from dataclasses import dataclass
from enum import StrEnum

from accounts.rules import Department
from complaints.rules.words import Outcome, Source, Whom


class Act(StrEnum):
    """What somebody did with a complaint."""

    ACCEPT = "accept"
    DECLINE = "decline"
    REFER = "refer"
    BACK = "back"
    ASK = "ask"
    REPLY = "reply"
    ADD = "add"
    ANSWER = "answer"
    GLAD = "glad"
    ANGRY = "angry"
    VERIFY = "verify"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    ORDER = "order"
    REPORT = "report"
    ORDER_DONE = "order_done"


@dataclass(frozen=True, slots=True)
class Step:
    """One act, so many hours after the receipt."""

    after: float
    act: Act
    text: str = ""
    to: Department = Department.TASK_FORCE
    outcome: Outcome = Outcome.NONE
    within: int = 48
    """Hours until an order is to be reported on."""


@dataclass(frozen=True, slots=True)
class Story:
    """One complaint: when, about what, where, about whom, in whose words, and its steps."""

    key: str
    ago: int
    """Days before today; `hour` of that day. With `ago` 0: so many hours before now instead."""
    hour: float
    behaviour: str
    place: str
    text: str
    steps: tuple[Step, ...] = ()
    whom: Whom = Whom.STREET
    source: Source = Source.WEB
    since: int = 0
    """Days before the receipt on which it began."""
    name: str = ""
    phone: str = ""
    ordered: str = "oral"
    photo: bool = False
    community: str = "110105001001"


def accepted(after: float) -> Step:
    """Accepted by the desk that holds it."""
    return Step(after, Act.ACCEPT)


def answered(after: float, text: str) -> Step:
    """Answered by the desk that holds it."""
    return Step(after, Act.ANSWER, text)


def glad(after: float, text: str = "") -> tuple[Step, Step]:
    """The complainant is satisfied; closed half a day later."""
    return Step(after, Act.GLAD, text), Step(after + 12, Act.CLOSE)


def verified(after: float, outcome: Outcome, how: str) -> tuple[Step, Step]:
    """Verified by a desk above; closed half a day later."""
    return Step(after, Act.VERIFY, how, outcome=outcome), Step(after + 12, Act.CLOSE)


RECEIPT = "no-lessons"
"""The complaint whose number and secret are printed with the demo accounts."""

GOOD_PRACTICE = (
    "校园诉求接诉即办：八小时内解决送餐和热水",
    (
        "东湖区教育部门接到职业学院学生反映送餐迟、热水少后，一小时内受理，先问清特殊餐食需求，"
        "当天增设楼层送餐点、恢复全天热水，并为有特殊需要的学生单独配餐，次日回访确认。\n\n"
        "可以照着做的：先问需求再定办法；当天能办的不过夜；答复后由投诉人说了算。"
    ),
)
NAMED_REPLIES = (
    "围挡系保洁公司按旧图复原，街道未及时发现。现已拆除，并收回全部旧图；今后一律以公示的边界为准。"
)

STORIES: tuple[Story, ...] = (
    # ── three weeks ago: most of it is over ──
    Story(
        "return-county", 20, 9, "return_refused", "东湖区政务服务中心路口",
        "我户口和房子都在东湖，从外地回来手里有48小时核酸，高速口说区里通知一律劝返，让我在车上睡了一夜。",
        (accepted(4), answered(60, "已要求立即停止劝返。48小时核酸阴性即可返家，任何单位不得另设条件。"),
         *glad(70, "第二天就到家了。")),
        whom=Whom.COUNTY, name="卢志远", phone="13900010001", since=1,
    ),
    Story(
        "gate-4", 19, 8.5, "not_unsealed", "锦绣花园4号楼",
        "4号楼早就没有阳性了，单元门口的铁皮还钉着，保安说要等街道电话。我要去上班。",
        (accepted(3), answered(28, "街道已于今天上午拆除4号楼单元门口的围挡，恢复正常出入。"),
         *glad(30, "拆了，谢谢。")),
        since=6, name="郝春梅", phone="13900010002", photo=True,
    ),
    Story(
        "sealed-2", 18, 10, "sealed_arbitrarily", "云杉里2号楼",
        "2号楼一个密接都没有，社区半夜把楼道门锁了，没有通知也没有文件。",
        (accepted(6), Step(20, Act.REFER, "请疾控核实该楼是否属于高风险区。", Department.DISEASE_CONTROL),
         answered(66, "经核实，2号楼不在高风险区内，楼道门锁已拆除，社区已向居民致歉。"),
         *verified(90, Outcome.SOLVED, "现场查看，楼道门已打开。")),
        whom=Whom.COMMUNITY, since=1, phone="13900010003",
    ),
    Story(
        "road-south", 18, 15, "road_blocked", "锦绣南路与东湖大街路口",
        "路口堆了两车土方，救护车都要绕三公里，牌子上只写“防疫需要”。",
        (accepted(5), answered(26, "未经批准设置的土堆已连夜清除，道路恢复双向通行。"), *glad(40)),
        photo=True, ordered="unknown", since=2,
    ),
    Story(
        "lorry-exit", 17, 6.2, "lorry_test_wait", "京湖高速东湖出口",
        "拉的是鲜奶，出口做完核酸不让走，要等结果，前面排了四十多辆。",
        (accepted(0.4), answered(1.5, "已按“即采即走即追”放行，现场积压车辆半小时内清空。"),
         *glad(5, "放行了，奶没坏。")),
        whom=Whom.OTHER, source=Source.PHONE, name="司机丁师傅", phone="13900010004",
    ),
    Story(
        "care-er", 16, 21.3, "care_refused", "京州市第二医院急诊",
        "父亲胸口疼，急诊要48小时核酸，报告差两小时，保安不让进，在门口等了四十分钟。",
        (accepted(0.6),
         answered(5, "已约谈医院：急危重症先救治、后补检，不得以任何理由推诿。您父亲已收入院。"),
         Step(9, Act.ANGRY, "人是收了，但当晚谁下的命令没有说清楚，下一个人还会被拦。"),
         answered(20, "医院已书面检查，急诊入口撤除核酸查验岗，改设缓冲区，首诊负责人名单上墙公示。"),
         *glad(30)),
        whom=Whom.SITE, name="施文静", phone="13900010005",
    ),
    Story(
        "school-3", 15, 9.4, "schools_closed", "东湖区第三小学",
        "学校所在街道没有高风险区，已经停课九天，老师说等教育局通知。",
        (accepted(4), answered(80, "该校不涉疫，已要求下周一恢复线下教学。"),
         Step(110, Act.ANGRY, "周一到校又说再等三天。"),
         answered(140, "今天已全部返校复课，我局到校查看。"), *glad(150, "孩子上学了。")),
        whom=Whom.SITE, since=9, name="左明", phone="13900010006",
    ),
    Story(
        "campus-food", 14, 12.1, "campus_supplies", "东湖职业学院3号宿舍",
        "宿舍管控第二天，午饭两点才到，是凉的，热水一天只放一小时。",
        (accepted(1), Step(2, Act.ASK, "请问是哪几层？有没有需要特殊餐食的同学？"),
         Step(3, Act.REPLY, "四、五层。五层有一位清真同学，一位糖尿病同学。"),
         answered(8, "已增设楼层送餐点，今晚起三餐按时到，热水全天供应，两位同学单独配餐。"),
         *glad(20, "晚饭准时，热的。")),
        whom=Whom.SITE, since=1, photo=True,
    ),
    Story(
        "bearing", 14, 16, "work_stopped", "宏远轴承厂",
        "街道口头通知全园区停工三天“过筛子”，厂里没有病例，也没有文件。",
        (accepted(20),
         answered(96, "停工要求没有依据，已撤销；受影响的一条产线今天恢复，另一条因缺料明天恢复。"),
         *verified(120, Outcome.PARTLY, "电话核实，一条产线已开，另一条次日恢复。")),
        since=1, name="宏远轴承 鲁厂长", phone="13900010007",
    ),
    Story(
        "silent-street", 13, 7.5, "silent_management", "锦绣街道全域",
        "街道贴通知“静默三天，足不出户”，但是我们街道只有一栋楼是高风险区。",
        (accepted(8), answered(60, "该通知已撤回。高风险区以外按低风险区管理，不限制出行。")),
        ordered="written", photo=True,
    ),
    Story(
        "second-hand", 13, 11, "secondary_contact", "湖滨里3号楼",
        "我同事是密接，我连阳性是谁都不知道，社区让我居家七天还贴了封条。",
        (accepted(5), answered(44, "已撤销管控并揭除封条：密接的密接不再判定，也不再管控。"),
         *glad(50, "当天就揭了。")),
        whom=Whom.COMMUNITY, since=2, phone="13900010008", community="110105001002",
    ),
    Story(
        "white-list", 12, 8.2, "listed_firm_stopped", "东湖粮油加工厂",
        "我们是白名单企业（保供面粉），街道今天上午要求立即停产，说是统一要求。",
        (accepted(1),
         Step(1.5, Act.ORDER, "立即撤销对白名单企业的停产要求，并报告由谁、依据什么作出。", within=24),
         Step(19, Act.REPORT, "停产要求系工作人员误传，已当场撤销，并向企业致歉。"),
         answered(21, "停产要求已撤销，企业正常生产。"),
         Step(25, Act.ORDER_DONE, "到厂查看，生产线运行正常。"), *glad(30)),
        name="东湖粮油 席经理", phone="13900010009",
    ),
    Story(
        "two-a-day", 12, 18, "extra_tests", "柳岸新村",
        "小区不是高风险区，早晚各一次核酸，不做就弹窗。",
        (accepted(10), answered(90, "已要求柳岸新村取消一天两检。"),
         *verified(150, Outcome.NOT_SOLVED, "回访三户，两户反映仍在早晚各检一次，转入督办。")),
        whom=Whom.COMMUNITY, since=4, community="110105001002",
    ),
    Story(
        "entry-again", 11, 9, "isolated_again", "锦绣花园1号楼",
        "在广州隔离满5天，又居家3天，回到这里社区还要我再去酒店。",
        (accepted(3), answered(30, "第一入境点已解除隔离的，目的地不得重复隔离，已解除。"), *glad(40)),
        whom=Whom.COMMUNITY, phone="13900010010",
    ),
    Story(
        "clinic", 10, 10, "clinics_stopped", "锦绣社区卫生服务站",
        "卫生站门口贴“暂停接诊”，老人开不到降压药。",
        (accepted(12), answered(58, "卫生站今天恢复接诊，慢病患者可一次开三个月药量。"), *glad(70)),
        whom=Whom.SITE, since=3,
    ),
    Story(
        "silent-county", 10, 20, "silent_management", "东湖区",
        "区指挥部发公告全区静默五天，公交停运、商场关门，但公布的高风险区只有几个单元。",
        (accepted(5), answered(70, "区公告已撤销，公交已恢复。高风险区只到单元、楼栋，不得扩大。"),
         *glad(90, "公交通了。")),
        whom=Whom.COUNTY, ordered="written", since=1,
    ),
    # ── the last ten days: some come back, some are late ──
    Story(
        "city-ban", 9, 5.5, "lorry_city_ban", "东湖大道进城方向",
        "外地牌货车一律不让进城，说要有“通行证”，通行证没地方办。",
        (accepted(0.5), answered(1.8, "进城通行证已取消，货车凭48小时核酸通行。"), *glad(6)),
        whom=Whom.OTHER, source=Source.PHONE, name="司机水师傅", phone="13900010011",
    ),
    Story(
        "refused-home", 9, 19, "return_refused", "湖滨里",
        "出差回来，小区门口说从低风险区来的也要先住三天酒店，自费。",
        (accepted(20), answered(80, "已请社区核实。"),
         Step(84, Act.ANGRY, "核实了四天还是进不去，酒店钱也是我自己付的。"),
         answered(150, "社区设置的酒店门槛违反规定，已取消；自付的住宿费由社区退还。")),
        whom=Whom.COMMUNITY, since=1, name="关越", phone="13900010012", community="110105001002",
    ),
    Story(
        "hotel", 8, 14, "held_too_long", "云栖酒店",
        "集中5天已满，测了5次都是阴性，工作人员说车还没安排，让再住两天。",
        (accepted(2), answered(7, "专车已于当晚送您回家，多住的时间不计入。"), *glad(20, "当晚到家。")),
        whom=Whom.COMMUNITY, since=6, phone="13900010013",
    ),
    Story(
        "noise", 8, 16, "other", "云杉里广场",
        "核酸点的喇叭从早上六点响到晚上。",
        (Step(30, Act.WITHDRAW),),
        whom=Whom.COMMUNITY,
    ),
    Story(
        "toll", 7, 4.8, "lorry_origin", "锦绣收费站",
        "只因为司机身份证是外省的，就让掉头，车上装的是药品。",
        (accepted(0.3), answered(1.1, "已放行，收费站查验岗当场纠正。"), *glad(4, "谢谢，药送到了。")),
        whom=Whom.OTHER, source=Source.PHONE, name="司机巩师傅", phone="13900010014",
    ),
    Story(
        "pass", 7, 11, "other", "锦绣花园东门超市",
        "超市规定一户一天只能买一次菜。",
        (Step(9, Act.DECLINE, "属于商家经营安排，不属于层层加码。已转告社区协调延长营业时间。"),),
        whom=Whom.OTHER,
    ),
    Story(
        "whole-compound", 6, 9, "zone_oversized", "锦绣花园",
        "6号楼根本没有人阳性，为什么也要封？",
        (accepted(4), answered(40, "6号楼未划为高风险区；您看到的是5号楼的围挡，按单元划定，符合规定。"),
         *verified(60, Outcome.UNFOUNDED, "调阅划定记录，边界只到5号楼各单元。")),
    ),
    Story(
        "campus-gate", 6, 13, "campus_sealed", "东湖职业学院",
        "学校没有疫情，只许进不许出，实习单位要开除人了。",
        (accepted(2), answered(22, "已要求学院取消“只进不出”，师生凭校园卡正常出入。"),
         Step(70, Act.VERIFY, "到校门口查看，出入正常。", outcome=Outcome.SOLVED)),
        whom=Whom.SITE, since=12, phone="13900010015",
    ),
    Story(
        "service-area", 5, 8, "lorry_infrastructure", "东湖服务区",
        "服务区关了三天，司机没有地方吃饭上厕所，也加不了油。",
        (accepted(1), answered(31, "服务区正在办理恢复手续。"),
         Step(33, Act.ANGRY, "还是关着，路过看了。")),
        whom=Whom.BRANCH, since=3, name="司机滕师傅", phone="13900010016",
    ),
    Story(
        "parcel-school", 5, 10, "other", "东湖职业学院快递点",
        "学校快递点停了十天，冬衣寄不进来。",
        (Step(3, Act.REFER, "校内管理，请教育口办理。", Department.EDUCATION),
         Step(20, Act.BACK, "快递点属邮政管理，校方已同意开放场地，请改转。"),
         Step(26, Act.REFER, "场地已同意，请交通口协调邮政企业恢复。", Department.TRANSPORT)),
        whom=Whom.SITE, since=10,
    ),
    Story(
        "gate-4-again", 4, 8, "not_unsealed", "锦绣花园4号楼",
        "上次拆掉的铁皮又钉上了，还是没有文件，保安还是那句话：等街道电话。",
        (accepted(2),
         Step(3, Act.ORDER, "再次设置围挡没有依据，立即拆除，说明何人决定，并书面报告。", within=24)),
        since=1, name="郝春梅", phone="13900010002", photo=True,
    ),
    Story(
        "gate-4-neighbour", 4, 11, "not_unsealed", "锦绣花园4号楼",
        "我是4号楼602的，楼门又被封了。",
        (Step(4, Act.MERGE, "gate-4-again"),),
        since=1,
    ),
    Story(
        RECEIPT, 4, 14, "no_classroom_teaching", "东湖区第一中学",
        "高三，线下课停了三周，网课卡得听不清，全区别的学校都开了。",
        (accepted(1.5), Step(5, Act.ASK, "请问是整个年级都停课，还是部分班级？宿舍区是否在高风险区内？")),
        whom=Whom.SITE, since=21, phone="13900010017",
    ),
    Story(
        "gate-5", 3, 9, "not_unsealed", "云杉里5号楼",
        "5号楼没有划入高风险区，街道的人说“先封着，等通知”。",
        (accepted(9), answered(10.5, "经查，5号楼不在高风险区内，“先封着”没有依据，已责令当天拆除围挡。"),
         *verified(22.5, Outcome.SOLVED, "现场查看，楼门围挡已拆除，居民正常出入。")), since=2,
    ),
    Story(
        "parcels", 3, 16, "lorry_last_mile", "湖滨里",
        "快递车不让进小区，说是全市都这样，药也送不进来。",
        (accepted(0.5), answered(1.7, "配送车已允许到小区固定接收点，药品由楼长送到门口。")),
        whom=Whom.COMMUNITY, since=2, phone="13900010018", community="110105001002",
    ),
    Story(
        "gate-7", 2, 10, "not_unsealed", "锦绣花园7号楼",
        "7号楼从来没有阳性，隔壁楼解封了我们没有。",
        (accepted(9), Step(12, Act.REFER, "请疾控核实后答复。", Department.DISEASE_CONTROL)), since=3,
    ),
    Story(
        "late-door", 2, 6, "sealed_arbitrarily", "云杉里6号楼1单元",
        "单元门从外面用铁丝拧住了，万一着火怎么办！",
        (), source=Source.PHONE, photo=True, since=1, name="龙阿姨", phone="13900010019",
    ),
    Story(
        "families", 2, 12, "campus_unequal", "东湖职业学院家属区",
        "学生能出校门，教职工家属凭什么不能出？孩子要上幼儿园。",
        (accepted(1), answered(18, "已要求师生员工及家属同等管理，家属区今天开放。")),
        whom=Whom.SITE, since=5,
    ),
    Story(
        "park", 2, 15, "work_stopped", "东湖工业园二期",
        "园区要求所有企业“先停后查”，我们是出口订单，违约要赔钱。",
        (accepted(14),), source=Source.IMPORT, since=1,
    ),
    Story(
        "pop-up", 1, 7, "extra_tests", "和平社区",
        "不是高风险区，三天不做核酸就弹窗，老人没有手机怎么办。",
        (accepted(3), Step(5, Act.ADD, "弹窗以后连菜场都进不去。")),
        whom=Whom.COMMUNITY, source=Source.SYSTEM, since=7, community="110105001004",
    ),
    Story(
        "bridge", 1, 17, "road_blocked", "幸福桥西口",
        "幸福桥一头用水马封死，两边的人上班要绕五公里。",
        (), since=2, photo=True, community="110105001003",
    ),
    # ── today: what waits on the desk ──
    Story(
        "care-now", 0, 3.6, "care_refused", "京州市妇幼保健院",
        "孕38周见红，医院说我是黄码不收，让去定点医院，定点医院没有产科。",
        (accepted(0.5),), whom=Whom.SITE, source=Source.PHONE, name="马晓", phone="13900010020",
    ),
    Story(
        "opened-not-open", 0, 5, "zone_overdue", "湖滨里2号楼1单元",
        "公示上写着已经降为低风险，门口的人说没接到通知，还是不让出门。",
        (accepted(1.5),), since=1, phone="13900010021", community="110105001002",
    ),
    Story(
        "contact-now", 0, 1.5, "secondary_contact", "幸福社区平房区",
        "邻居是密接，把我们一排平房都贴了封条。",
        (), whom=Whom.COMMUNITY, source=Source.OPEN311, community="110105001003",
    ),
    Story(
        "lorry-now", 0, 0.6, "lorry_test_wait", "京湖高速东湖出口",
        "又开始等结果才放行了，排了二十几辆，有拉活鱼的。",
        (), whom=Whom.OTHER, source=Source.PHONE, name="司机闵师傅", phone="13900010022",
    ),
)  # fmt: skip
