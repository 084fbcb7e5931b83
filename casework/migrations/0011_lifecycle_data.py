"""Cases that ended before the three endings had names of their own; what each code asks for.

Ends were all called `closed`: the event tells a lapse and a relapse apart. The events are renamed
with their cases, so the ledgers of the past and a rebuild read one vocabulary.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

RENAME = """
UPDATE casework_dropoutcase SET state = 'lapsed' WHERE state = 'closed' AND lapse_reason <> '';
UPDATE casework_dropoutcase kase SET state = 'relapsed'
 WHERE state = 'closed' AND EXISTS (
       SELECT FROM casework_caseevent event WHERE event.case_id = kase.id
          AND event.action = 'relapse' AND event.to_state = 'closed');
ALTER TABLE casework_caseevent DISABLE TRIGGER append_only;
UPDATE casework_caseevent SET to_state = CASE action WHEN 'lapse' THEN 'lapsed' ELSE 'relapsed' END
 WHERE action IN ('lapse', 'relapse') AND to_state = 'closed';
ALTER TABLE casework_caseevent ENABLE TRIGGER append_only;
UPDATE casework_dropoutcase kase SET state_since = coalesce(moved.happened_on, kase.opened_on)
  FROM casework_dropoutcase this
  LEFT JOIN LATERAL (
       SELECT event.happened_on FROM casework_caseevent event
        WHERE event.case_id = this.id AND event.from_state <> event.to_state
        ORDER BY event.id DESC LIMIT 1) moved ON true
 WHERE this.id = kase.id;
"""
BACK = """
UPDATE casework_dropoutcase SET state = 'closed' WHERE state IN ('lapsed', 'relapsed');
ALTER TABLE casework_caseevent DISABLE TRIGGER append_only;
UPDATE casework_caseevent SET to_state = 'closed' WHERE to_state IN ('lapsed', 'relapsed');
ALTER TABLE casework_caseevent ENABLE TRIGGER append_only;
"""
# What a county office asks for before it believes the code. Where the file is restricted, that it
# was seen is written down, not what it says.
EVIDENCE = {
    "verification": {
        "X01": "当日考勤表、到校照片",
        "X02": "就读学校出具的说明、学籍信息",
        "X03": "盖章的在读证明、学籍截图、班主任联系方式",
        "X04": "盖章的在读证明、学籍截图、班主任联系方式",
        "X05": "护照或出入境记录、境外学校证明",
        "X06": "毕业证书编号或录取通知",
        "X07": "就读学校出具的在读证明",
        "X08": "休学批准文号、县级以上医院证明",
        "X09": "缓学批准文号、县级以上医院证明",
        "X10": "免学批准文号、县级以上医院证明",
        "X11": "入学安置决定文号",
        "X12": "随班就读安置决定文号",
        "X13": "送教上门安置决定文号",
        "X14": "机构出具的在院证明",
        "X15": "有关机关公函文号（内容保密，只记文号和出具单位）",
        "X16": "公安机关死亡注销证明",
        "X17": "公安机关立案或报案证明",
        "X18": "公安机关户籍证明",
        "X19": "公安机关户口迁移记录",
        "U01": "联系经过：日期、方式、结果",
    },
    "placement": {
        "RP05": "接收学校的接收证明",
        "RP06": "入学安置决定文号",
        "RP07": "随班就读安置决定文号",
        "RP08": "送教上门安置决定文号",
        "RP09": "专门学校入校文书（内容保密，只记文号和出具单位）",
        "RP11": "就读学校出具的在读证明",
    },
    "lapse": {
        "over_age": "户籍信息（出生日期）",
        "died": "公安机关死亡注销证明",
        "hukou_cancelled": "公安机关户籍注销证明",
        "moved_out": "公安机关户口迁移记录",
        "settled_abroad": "出入境记录或定居证明",
    },
}
# Where a placement leads: back to a school here, or to be placed otherwise (另行安置).
PLACED = ("RP06", "RP08", "RP09", "RP11")


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("casework", "CaseCode")
    model.objects.create(list="placement", code="RP11", name="中职或技工学校就读", sort=10)
    placements = model.objects.filter(list="placement")
    placements.update(leads_to="returned")
    placements.filter(code__in=PLACED).update(leads_to="placed")
    for code_list, wanted in EVIDENCE.items():
        for code, evidence in wanted.items():
            model.objects.filter(list=code_list, code=code).update(evidence=evidence)


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("casework", "CaseCode")
    model.objects.filter(list="placement", code="RP11").delete()
    model.objects.filter(list="placement").update(leads_to="")
    model.objects.update(evidence="")


class Migration(migrations.Migration):
    dependencies = [("casework", "0010_lifecycle")]

    operations = [migrations.RunSQL(RENAME, BACK), migrations.RunPython(fill, empty)]
