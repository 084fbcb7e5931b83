"""Code lists: causes, check results, placements, lapse reasons, sources.

No national list exists; causes and placements named in 教基〔2020〕5号 and 教基厅函〔2024〕15号 are
among them, the rest is usage of county offices.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CAUSES = [
    ("R01", "学习困难"),
    ("R02", "厌学"),
    ("R03", "外出打工"),
    ("R04", "早婚早育"),
    ("R05", "信教（入寺等）"),
    ("R06", "家庭经济困难"),
    ("R07", "重大疾病"),
    ("R08", "重度残疾"),
    ("R09", "精神疾病"),
    ("R10", "监护缺失或家庭变故"),
    ("R11", "心理问题"),
    ("R12", "沉迷网络"),
    ("R13", "校园欺凌或师生关系"),
    ("R14", "上学路远或不便"),
    ("R15", "随父母外出未就读"),
    ("R16", "涉案或违法"),
    ("R17", "失联"),
    ("R99", "其他（须说明）"),
]
RESULTS = [
    ("X01", "在校在籍（误报）", "excluded"),
    ("X02", "县内他校就读", "excluded"),
    ("X03", "省内县外就读", "excluded"),
    ("X04", "省外就读", "excluded"),
    ("X05", "境外就读或出国出境", "excluded"),
    ("X06", "已初中毕业或提前升学", "excluded"),
    ("X07", "中职或技校就读", "excluded"),
    ("X08", "休学（已批准）", "excluded"),
    ("X09", "缓学（已批准）", "excluded"),
    ("X10", "免学（历史）", "excluded"),
    ("X11", "特教学校就读", "excluded"),
    ("X12", "随班就读", "excluded"),
    ("X13", "送教上门", "excluded"),
    ("X14", "康复机构或福利机构", "excluded"),
    ("X15", "专门学校或羁押服刑", "excluded"),
    ("X16", "死亡", "excluded"),
    ("X17", "失踪", "excluded"),
    ("X18", "户籍注销、重复或信息错误", "excluded"),
    ("X19", "户籍已迁往外县", "excluded"),
    ("C01", "辍学", "confirmed"),
    ("C02", "失学（从未入学）", "confirmed"),
    ("U01", "暂时联系不上", "suspected"),
]
PLACEMENTS = [
    ("RP01", "原班"),
    ("RP02", "插班（降级）"),
    ("RP03", "单独编班或集中编班"),
    ("RP04", "普职融合班"),
    ("RP05", "转学"),
    ("RP06", "特教学校"),
    ("RP07", "随班就读"),
    ("RP08", "送教上门"),
    ("RP09", "专门学校"),
    ("RP10", "远程教学"),
]
LAPSES = [
    ("over_age", "超龄"),
    ("died", "死亡"),
    ("hukou_cancelled", "户籍注销"),
    ("moved_out", "户籍迁出本县"),
    ("settled_abroad", "出国（境）定居"),
]
SOURCES = [
    ("sent_down", "上级下发"),
    ("school", "学校上报"),
    ("township", "乡镇摸排"),
    ("status_match", "学籍比对"),
    ("roster_match", "名册比对"),
    ("absence", "缺勤"),
]
LISTS = {
    "cause": CAUSES,
    "verification": RESULTS,
    "placement": PLACEMENTS,
    "lapse": LAPSES,
    "source": SOURCES,
}


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("casework", "CaseCode")
    model.objects.bulk_create(
        model(list=name, code=code, name=label, leads_to="".join(leads_to), sort=position)
        for name, rows in LISTS.items()
        for position, (code, label, *leads_to) in enumerate(rows)
    )


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("casework", "CaseCode").objects.filter(list__in=LISTS).delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0002_walls")]

    operations = [migrations.RunPython(fill, empty)]
