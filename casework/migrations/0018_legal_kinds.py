"""依法控辍: the kinds of papers with their texts, and what may become of them.

Steps, bodies and grounds: 普洱“四步法”, 西盟, 宁蒗 and 贵德 as public papers tell of them;
义务教育法, 行政处罚法, 行政强制法, 行政诉讼法, 未成年人保护法, 民法典, 禁止使用童工规定. The
texts are the usual ones; a county has its own law office read them before the first use.
"""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

AWAY = ["suspected", "confirmed", "persuading", "escalated"]
DROPPED = ["confirmed", "persuading", "escalated"]
PRESSED = ["persuading", "escalated"]
LEGAL = ["escalated"]
SOURCE = "各地公开文书和义务教育法；文书文字请经本县司法行政部门审核后使用"
CHILD = "你的子女（被监护人）{child}（{sex}，{born}，身份证件号{id_mask}）"
REMEDY = (
    "如不服本决定，可自收到本文书之日起{review_days}日内依法申请行政复议，或者在{suit_months}个月内"
    "依法向人民法院提起行政诉讼。"
)
PARTIES = (
    "{addressee}，系{child}的{relation}，住{address}。被监护人{child}（{sex}，{born}，"
    "身份证件号{id_mask}）。"
)

KINDS: list[dict[str, Any]] = [
    {
        "code": "entry_notice",
        "name": "义务教育入学通知书",
        "step": "入学通知",
        "bodies": ["township"],
        "states": AWAY,
        "law": "《中华人民共和国义务教育法》第五条、第十一条、第十三条",
        "deadline_rule": "legal_entry",
        "next_words": "仍未入学的，上门宣传教育并制作催学通知书",
        "results": ["returned", "refused", "excused"],
        "text": [
            CHILD + "已到接受义务教育的年龄。根据《中华人民共和国义务教育法》第五条、第十一条、"
            "第十三条的规定，请你于{deadline}前送其到{school}办理入学手续。{facts}",
            "因身体状况需要延缓入学或者休学的，由父母或者其他法定监护人提出申请，由乡镇人民政府或者"
            "县级教育行政部门批准。",
        ],
    },
    {
        "code": "urging_notice",
        "name": "催学通知书",
        "step": "宣传教育",
        "bodies": ["school", "township", "county"],
        "states": AWAY,
        "law": "《中华人民共和国义务教育法》第五条、第十三条；"
        "《中华人民共和国未成年人保护法》第二十八条",
        "deadline_rule": "legal_urged",
        "next_words": "仍未返校的，书面报告乡镇和县教育局，准备责令限期改正",
        "results": ["returned", "refused", "excused"],
        "text": [
            CHILD + "应当接受义务教育。{facts}",
            "根据《中华人民共和国义务教育法》第五条、第十三条和《中华人民共和国未成年人保护法》"
            "第二十八条的规定，请你于{deadline}前送其到{school}就读。",
            "家庭确有困难的，请与本单位联系，我们将依法给予帮助。逾期不送的，将书面报告教育行政部门和"
            "乡镇人民政府依法处理。",
        ],
    },
    {
        "code": "education_record",
        "name": "批评教育记录",
        "step": "宣传教育",
        "bodies": ["school", "township", "county"],
        "states": AWAY,
        "is_numbered": False,
        "is_served": False,
        "law": "《中华人民共和国义务教育法》第五十八条",
        "text": [
            {
                "table": [
                    ["日期", "{day}"],
                    ["地点", "{address}"],
                    ["受教育人", "{addressee}（{relation}）"],
                    ["学生", "{child}（{sex}，{born}），{school}"],
                    ["内容和受教育人的意见", "{facts}"],
                ]
            },
            {"line": "受教育人签名：　　　　　　　　　　年　　月　　日"},
            {"line": "记录人签名：　　　　　　　　　　　年　　月　　日"},
        ],
    },
    {
        "code": "order",
        "name": "责令送被监护人接受义务教育通知书",
        "step": "责令限期改正",
        "bodies": ["township", "county"],
        "states": PRESSED,
        "law": "《中华人民共和国义务教育法》第五条、第五十八条；《中华人民共和国未成年人保护法》"
        "第八十三条",
        "needs": ["urging_notice", "education_record", "visit"],
        "escalates": True,
        "deadline_rule": "legal_order",
        "next_words": "未改正的，启用罚款规定的县告知拟处罚；其他县制作催告书或提起民事诉讼",
        "results": ["returned", "refused", "excused"],
        "ledger": "order",
        "text": [
            "经查，" + CHILD + "应当接受义务教育。{facts}",
            "你的行为违反了《中华人民共和国义务教育法》第五条关于适龄儿童、少年的父母或者其他法定监护人"
            "应当依法保证其按时入学接受并完成义务教育的规定。经批评教育，你仍未改正。",
            "根据《中华人民共和国义务教育法》第五十八条的规定，现责令你于{deadline}前送{child}到{school}"
            "接受义务教育。逾期不改正的，本机关将依法采取进一步的措施。",
            REMEDY,
        ],
    },
    {
        "code": "penalty_notice",
        "name": "行政处罚事先告知书",
        "step": "行政处罚",
        "bodies": ["township"],
        "states": LEGAL,
        "law": "《中华人民共和国行政处罚法》第四十四条、第四十五条、第六十三条、第六十四条",
        "needs": ["order"],
        "waits": True,
        "is_fine": True,
        "deadline_rule": "legal_statement",
        "in_working_days": True,
        "counts_from_service": True,
        "next_words": "陈述、申辩期已满，制作行政处罚决定书",
        "results": ["returned", "stated", "no_statement"],
        "text": [
            CHILD + "应当接受义务教育。{facts}",
            "本机关已于{earlier_day}向你送达{earlier}，责令限期改正，你逾期仍未改正。根据{rule}的规定，"
            "本机关拟对你作出罚款{amount}元的行政处罚。",
            "你有权进行陈述和申辩；符合听证条件的，有权要求听证。请自收到本告知书之日起{days}内提出，"
            "逾期未提出的，视为放弃。",
        ],
    },
    {
        "code": "penalty_decision",
        "name": "行政处罚决定书",
        "step": "行政处罚",
        "bodies": ["township"],
        "states": LEGAL,
        "law": "《中华人民共和国行政处罚法》第五十九条、第六十七条、第七十二条",
        "needs": ["penalty_notice"],
        "waits": True,
        "by_same_body": True,
        "is_fine": True,
        "deadline_rule": "legal_fine_paid",
        "counts_from_service": True,
        "next_words": "逾期未缴纳罚款、未送学的，制作催告书",
        "results": ["returned", "paid", "refused", "contested"],
        "ledger": "penalty",
        "text": [
            CHILD + "应当接受义务教育。{facts}",
            "本机关已于{root_day}向你送达{root}，于{earlier_day}向你送达{earlier}。你逾期仍未改正。",
            "根据{rule}的规定，本机关决定对你罚款{amount}元，并责令你立即送{child}到{school}接受义务教育。",
            "请自收到本决定书之日起{days}内，持本决定书到指定的银行缴纳罚款。逾期不缴纳的，每日按罚款"
            "数额的百分之三加处罚款，加处罚款的数额不超出罚款的数额。",
            REMEDY,
        ],
    },
    {
        "code": "demand",
        "name": "履行行政决定催告书",
        "step": "催告",
        "bodies": ["township", "county"],
        "states": LEGAL,
        "law": "《中华人民共和国行政强制法》第五十四条",
        "needs": ["order", "penalty_decision"],
        "waits": True,
        "by_same_body": True,
        "deadline_rule": "legal_demand",
        "in_working_days": True,
        "counts_from_service": True,
        "next_words": "催告期已满，起诉期限届满后三个月内申请人民法院强制执行，或提起民事诉讼",
        "results": ["returned", "paid", "refused"],
        "text": [
            "本机关已于{earlier_day}向你送达{earlier}。{facts}",
            "你在法定期限内未履行该决定。根据《中华人民共和国行政强制法》第五十四条的规定，现催告你自收到"
            "本催告书之日起{days}内履行义务：送{child}到{school}接受义务教育{and_fine}。",
            "你有权进行陈述和申辩。逾期仍不履行的，本机关将依法申请人民法院强制执行。",
        ],
    },
    {
        "code": "enforcement",
        "name": "强制执行申请书",
        "step": "申请强制执行",
        "bodies": ["township", "county"],
        "states": LEGAL,
        "to": "court",
        "law": "《中华人民共和国行政强制法》第五十三条、第五十四条、第五十五条",
        "needs": ["demand"],
        "waits": True,
        "by_same_body": True,
        "opens_rule": "legal_suit",
        "closes_rule": "legal_enforcement",
        "deadline_rule": "legal_answer",
        "counts_from_service": True,
        "next_words": "向人民法院查问受理和裁定情况",
        "results": ["returned", "accepted", "granted", "denied", "enforced"],
        "ledger": "suit",
        "text": [
            {"heading": "申请人"},
            "{body}。",
            {"heading": "被申请人"},
            PARTIES,
            {"heading": "申请事项"},
            "申请强制执行{root}，责令被申请人送{child}到{school}接受义务教育{and_fine}。",
            {"heading": "事实与理由"},
            "{facts}",
            "申请人已于{root_day}向被申请人送达{root}，被申请人在法定期限内不申请行政复议、不提起行政诉讼，"
            "又不履行。申请人于{earlier_day}送达{earlier}，催告后被申请人仍不履行。根据《中华人民共和国"
            "行政强制法》第五十三条的规定，特申请强制执行。",
            "附：行政决定书及作出决定的事实、理由和依据；当事人的意见及催告情况；送达回证；其他材料。",
            "此致",
            {"line": "{court}"},
        ],
    },
    {
        "code": "lawsuit",
        "name": "民事起诉状",
        "step": "民事诉讼",
        "bodies": ["township", "county"],
        "states": LEGAL,
        "to": "court",
        "law": "《中华人民共和国未成年人保护法》第十六条、第十七条；《中华人民共和国民法典》第二十六条、"
        "第三十四条",
        "needs": ["order"],
        "waits": True,
        "deadline_rule": "legal_answer",
        "counts_from_service": True,
        "next_words": "向人民法院查问立案和审理情况",
        "results": ["returned", "accepted", "mediated", "judged", "withdrawn"],
        "ledger": "suit",
        "text": [
            {"heading": "原告"},
            "{body}。",
            {"heading": "被告"},
            PARTIES,
            {"heading": "诉讼请求"},
            "一、判令被告履行监护职责，立即送{child}到{school}接受义务教育；",
            "二、本案诉讼费用由被告承担。",
            {"heading": "事实与理由"},
            "{facts}",
            "原告已于{earlier_day}向被告送达{earlier}，被告逾期仍未送{child}接受义务教育，"
            "侵害了未成年人受教育的权利。根据《中华人民共和国未成年人保护法》第十六条、第十七条和《中华人民共和国民法典》第二十六条、"
            "第三十四条的规定，特提起诉讼。",
            "此致",
            {"line": "{court}"},
        ],
    },
    {
        "code": "labour_referral",
        "name": "使用童工线索移送函",
        "step": "劳动监察移送",
        "bodies": ["township", "county"],
        "states": DROPPED,
        "to": "labour",
        "below_age": 16,
        "law": "《中华人民共和国义务教育法》第十四条；《禁止使用童工规定》（国务院令第364号）",
        "deadline_rule": "legal_answer",
        "counts_from_service": True,
        "next_words": "向人力资源社会保障部门查问处理情况",
        "results": ["returned", "accepted", "handled", "no_case"],
        "text": [
            "经查，适龄少年{child}（{sex}，{born}，未满十六周岁）应当接受义务教育。{facts}",
            "根据《中华人民共和国义务教育法》第十四条和《禁止使用童工规定》（国务院令第364号），现将该线索"
            "移送你单位依法查处，并请将处理结果函告本机关。涉嫌犯罪的，请依法移送公安机关。",
        ],
    },
]
RESULTS = [
    ("returned", "已送学（返校）"),
    ("refused", "逾期未改正（未履行）"),
    ("excused", "有正当理由，已核实"),
    ("stated", "已陈述、申辩（听证）"),
    ("no_statement", "逾期未陈述、申辩"),
    ("paid", "已缴纳罚款"),
    ("contested", "已申请复议或提起诉讼"),
    ("accepted", "已受理（立案）"),
    ("granted", "裁定准予强制执行"),
    ("denied", "裁定不准予强制执行"),
    ("enforced", "已强制执行"),
    ("mediated", "已调解"),
    ("judged", "已判决"),
    ("withdrawn", "已撤诉"),
    ("handled", "已依法查处"),
    ("no_case", "查无实据"),
]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    kind = apps.get_model("casework", "LegalKind")
    kind.objects.bulk_create(
        kind(sort=position, source=SOURCE, **facts) for position, facts in enumerate(KINDS, start=1)
    )
    code = apps.get_model("casework", "CaseCode")
    code.objects.bulk_create(
        code(list="legal_result", code=value, name=name, sort=position)
        for position, (value, name) in enumerate(RESULTS, start=1)
    )


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("casework", "LegalKind").objects.all().delete()
    apps.get_model("casework", "CaseCode").objects.filter(list="legal_result").delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0017_legal_papers")]

    operations = [migrations.RunPython(fill, empty)]
