"""The audit trail in words: what was done, to what, and what changed, as far as the reader may see.

An audit administrator holds no case data (三员分立): of a child's or a case's entry such a reader
learns which items changed, not what they said.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse

from core import codes, idnumber
from core.access import Permission, Scope
from core.models import AuditEntry

LONGEST = 120
HIDDEN = "内容只有业务岗位可看"
# Telephone and identity numbers; division and school codes are shorter than the one, and village
# codes begin with no 1.
_NUMBER = re.compile(r"(?<![\d*])(?:[GJL]?\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?![\d*])")


@dataclass(frozen=True, slots=True)
class Subject:
    words: str
    # Who may read what its entries say; None for anybody who may read the trail.
    contents: Permission | None = None
    page: str = ""
    page_permission: Permission | None = None


_P = Permission
SUBJECTS = {
    "students.student": Subject(
        "学生", _P.STUDENT_VIEW, "students:student-detail", _P.STUDENT_VIEW
    ),
    "students.transfer": Subject(
        "转学申请", _P.STUDENT_VIEW, "students:transfer-detail", _P.STUDENT_VIEW
    ),
    "students.importbatch": Subject("名册", None, "students:import-detail", _P.ROSTER_IMPORT),
    "students.columnprofile": Subject("来源单位的列对应"),
    "students.rollover": Subject(
        "学年升级", None, "students:rollover-detail", _P.STUDENT_ROLL_OVER
    ),
    "students.officelist": Subject("部门名单"),
    "students.factconflict": Subject("有争议的事实", _P.STUDENT_VIEW),
    "students.matchrun": Subject("比对", None),
    "students.duplicatepair": Subject("疑似重复的两条记录", _P.STUDENT_VIEW),
    "students.savedview": Subject("名单视图"),
    "students.bulkact": Subject("批量办理", _P.STUDENT_VIEW),
    "students.listexport": Subject("名单导出", _P.STUDENT_VIEW),
    "casework.dropoutcase": Subject("个案", _P.CASE_VIEW, "casework:case-detail", _P.CASE_VIEW),
    "casework.classday": Subject("班级考勤", _P.CASE_VIEW),
    "casework.monthreport": Subject("控辍保学月报告", _P.CASE_VIEW),
    "schools.deadlinerule": Subject("办理时限"),
    "casework.responsibilityassignment": Subject("包保责任", _P.RESPONSIBILITY_VIEW),
    "casework.responsibilityrole": Subject("包保岗位"),
    "casework.responsibilitypledge": Subject("目标责任书", _P.RESPONSIBILITY_VIEW),
    "casework.legalpaper": Subject(
        "依法文书", _P.CASE_VIEW, "casework:paper-detail", _P.CASE_VIEW
    ),
    "casework.caseplan": Subject("一人一案", _P.CASE_VIEW),
    "casework.visitbatch": Subject("批次走访"),
    "casework.finerule": Subject("罚款规定"),
    "casework.heldop": Subject(
        "待处理家访", _P.CASE_VIEW, "casework:held-detail", _P.VISIT_LOG
    ),
    "ledgers.ledgerversion": Subject("台账版本"),
    "schools.school": Subject("学校"),
    "core.job": Subject("任务", None, "core:job-detail", _P.JOB_VIEW),
    "accounts.user": Subject("账号", None, "accounts:user-detail", _P.USER_MANAGE),
    "accounts.grant": Subject("授权"),
    "accounts.apitoken": Subject("令牌"),
}

# Filter value -> words, and the first parts of the actions that belong to it.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "accounts": ("账号与授权", ("user", "grant", "password", "token")),
    "reveals": ("查看学生和号码", ("identity", "look")),
    "students": (
        "学生",
        ("student", "category", "duplicate", "view", "number", "guardian", "household"),
    ),
    "rosters": ("名册与名单", ("roster", "list", "comparison")),
    "moves": ("转学与升级", ("transfer", "offer", "roll_over")),
    "cases": ("个案与家访", ("case", "plan", "visit", "attendance", "report", "deadline")),
    "responsibility": ("包保责任", ("responsibility", "pledge")),
    "legal": ("依法文书", ("legal",)),
    "ledgers": ("台账", ("ledger",)),
    "schools": ("学校", ("school",)),
}

ACTIONS = {
    "user.add": "建立账号",
    "user.reset_password": "重置密码",
    "user.disable": "停用账号",
    "user.enable": "启用账号",
    "grant.add": "授权",
    "grant.end": "收回授权",
    "password.change": "修改自己的密码",
    "token.issue": "建立令牌",
    "token.revoke": "停用令牌",
    "identity.reveal": "查看完整号码",
    "look.page": "打开学生页面",
    "student.register": "手工登记学生",
    "number.add": "登记证件号",
    "guardian.add": "添加监护人",
    "guardian.change": "修改监护人",
    "guardian.end": "结束监护关系",
    "household.join": "登记户籍",
    "household.change": "修改户籍",
    "household.leave": "迁出户籍",
    "student.create": "新增学生",
    "student.change": "更新学生",
    "student.edit": "修改学生",
    "student.restore": "撤销名册时恢复",
    "student.remove": "撤销名册时删除",
    "student.take_over": "按名单比对更正学生",
    "student.take_back": "撤回名单比对的更正",
    "student.transfer": "办理转学",
    "student.merge": "合并重复记录",
    "student.absorbed": "并入另一条记录",
    "student.unmerge": "撤销合并",
    "student.bulk": "批量办理",
    "student.bulk_undo": "撤销批量办理",
    "student.export": "导出学生名单",
    "category.add": "加入类别",
    "category.end": "结束类别",
    "category.undo": "撤销类别的批量办理",
    "duplicate.reject": "确认不是同一人",
    "view.save": "保存视图",
    "view.change": "修改视图",
    "view.rename": "更改视图名称",
    "view.remove": "删除视图",
    "view.restore": "恢复视图",
    "roster.receive": "上传名册",
    "roster.map": "对应名册的列",
    "roster.profile": "记住列的对应",
    "roster.profile_forget": "不再记住列的对应",
    "roster.submit": "提交名册",
    "roster.commit": "写入名册",
    "roster.discard": "放弃名册",
    "roster.error_book": "制作订正表",
    "roster.error_book_taken": "下载订正表",
    "roster.ask_undo": "提交撤销名册",
    "roster.undo": "撤销名册",
    "roster.correct": "改正名册单元格",
    "roster.correction_undone": "撤销名册的改正",
    "list.receive": "上传部门名单",
    "list.confirm_date": "确认名单日期",
    "list.submit": "提交部门名单",
    "list.apply": "写入部门名单",
    "list.discard": "放弃部门名单",
    "list.decide_conflict": "处理有争议的事实",
    "comparison.start": "开始比对",
    "comparison.decide": "处理比对结果",
    "comparison.undo": "撤销比对结果的处理",
    "comparison.create_students": "由比对新增学生",
    "comparison.open_cases": "由比对建立个案",
    "transfer.send": "发出转学申请",
    "transfer.accepted": "接收转学",
    "transfer.refused": "退回转学",
    "transfer.withdrawn": "撤回转学",
    "transfer.overdue": "转学逾期未答复",
    "offer.received": "收到外县的转学申请",
    "roll_over.committing": "提交学年升级",
    "roll_over.undoing": "提交撤销学年升级",
    "roll_over.commit": "写入学年升级",
    "roll_over.undo": "撤销学年升级",
    "roll_over.promise": "登记升学去向",
    "case.open": "建立个案",
    "case.verify": "核查",
    "case.persuade": "开始劝返",
    "case.visit": "登记家访",
    "visit.log": "登记家访",
    "visit.edit": "修改家访",
    "visit.review": "复核家访",
    "visit.plan": "安排批次走访",
    "visit.plan_note": "取消走访或说明未走访的原因",
    "visit.photo": "查看家访照片",
    "visit.photo_delete": "删除家访照片",
    "visit.settle": "处理手机送来的家访",
    "case.escalate": "转入依法控辍",
    "case.return": "登记复学",
    "case.observe": "开始跟踪",
    "case.relapse": "登记再次辍学",
    "case.close": "销号",
    "case.transfer": "转出待接收",
    "case.receipt": "办理接收结果",
    "case.settle": "登记安置方式",
    "case.place": "另行安置",
    "case.propose": "提请核减",
    "case.withdraw": "撤回核减提请",
    "case.sign": "签字",
    "case.rebuild": "按办理过程更正",
    "case.lapse": "核减",
    "attendance.take": "点名",
    "list.open_cases": "按下发名单建案",
    "report.month": "报送控辍保学月报告",
    "deadline.set": "设定办理时限",
    "responsibility.assign": "登记包保责任人",
    "responsibility.end": "结束包保责任",
    "responsibility.replace": "更换包保责任人",
    "responsibility.remove": "撤去当日登记的责任人",
    "responsibility.bulk": "成批登记包保责任人",
    "responsibility.post": "设置包保岗位",
    "pledge.keep": "存入签订的责任书",
    "pledge.withdraw": "撤下责任书",
    "pledge.read": "下载签订的责任书",
    "case.hand_over": "提出移交个案",
    "case.hand_over_accepted": "接收移交的个案",
    "case.hand_over_refused": "退回移交的个案",
    "case.hand_over_withdrawn": "撤回个案移交",
    "plan.write": "制定或修改一人一案",
    "plan.submit": "提交一人一案",
    "plan.approve": "批准一人一案",
    "plan.return": "退回一人一案",
    "plan.result": "登记一人一案措施的结果",
    "plan.print": "下载一人一案",
    "legal.issue": "制作文书",
    "legal.serve": "登记送达",
    "legal.scan": "上传送达回证",
    "legal.scan_taken": "下载送达回证",
    "legal.result": "登记文书结果",
    "legal.void": "作废文书",
    "legal.print": "打印文书",
    "legal.fine_rule": "登记罚款规定",
    "legal.fine_rule_end": "停用罚款规定",
    "ledger.build": "生成台账",
    "ledger.export": "导出台账",
    "ledger.pull": "接口拉取台账",
    "school.create": "新增学校",
    "school.change": "更新学校",
}

FIELDS = {
    "case": "个案编号",
    "cancelled": "已取消",
    "handover": "移交编号",
    "to": "接收方",
    "file": "文件种类",
    "reason": "原因",
    "result": "结果",
    "served_on": "送达日期",
    "served_way": "送达方式",
    "sha256": "文件校验值",
    "cover": "包保对象",
    "duty": "单位及职务",
    "is_leader": "包保领导",
    "level": "层级",
    "line": "责任线",
    "lists": "列入名单",
    "post": "包保岗位",
    "phone": "电话",
    "new": "新登记",
    "replaced": "更换",
    "unchanged": "不变",
    "year": "年度",
    "signed_on": "签订日期",
    "absent": "缺课学生编号和原因",
    "batch": "批次",
    "unmatched": "未找到的人数",
    "causes": "原因",
    "code": "代码",
    "day": "日期",
    "dropped_out": "辍学人数",
    "month": "月份",
    "on_roll": "应到人数",
    "returned": "本月复学人数",
    "suspected": "疑似人数",
    "value": "天数",
    "cells": "单元格",
    "column": "列",
    "row": "行号",
    "sheet": "工作表",
    "closed_on": "结案日期",
    "county": "县（区）",
    "dropped_out_on": "辍学日期",
    "ethnicity_code": "民族",
    "evidence": "佐证材料",
    "former_name": "曾用名",
    "has_no_number": "没有证件号",
    "guardian": "监护人",
    "guardian_number": "监护人证件号",
    "guardian_phone": "监护人电话",
    "household": "户籍",
    "id_number": "证件号",
    "relation": "与学生关系",
    "work_place": "务工地",
    "hukou_address": "户籍地址",
    "hukou_division": "户籍区划",
    "id_type": "证件类型",
    "is_boarding": "寄宿制",
    "is_small": "小规模学校",
    "is_teaching_point": "教学点",
    "last_present_on": "最后到校",
    "main_cause": "主要原因",
    "office_facts": "部门名单的事实",
    "residence_address": "现住址",
    "returned_on": "复学日期",
    "suspicion": "疑似原因",
    "changed": "改动的栏目",
    "to_division": "转往地区",
    "township_id": "乡镇",
    "verification_result": "核查结果",
    "verified_by": "核查人",
    "verified_on": "核查日期",
    "whereabouts": "去向",
    "address": "住址",
    "birth_date": "出生日期",
    "categories": "类别",
    "class_group": "班级",
    "columns": "列",
    "comparison": "比对编号",
    "conditions": "条件",
    "count": "数量",
    "created_by": "上传人",
    "differences": "结果编号",
    "due_on": "答复期限",
    "ethnicity": "民族",
    "from_school": "原学校编号",
    "full": "含完整号码",
    "full_name": "姓名",
    "grade": "年级",
    "kind": "种类",
    "lapse_reason": "核减原因",
    "ending_proof": "安置或核减依据",
    "state_since": "现状态起",
    "transfer_id": "转学申请编号",
    "receipt": "接收结果",
    "ending": "签字事项",
    "signature": "签字编号",
    "voided_signatures": "作废的签字",
    "mask": "号码",
    "name": "名称",
    "note": "说明",
    "number": "编号",
    "opened": "新建",
    "opened_on": "建案日期",
    "already_open": "已有个案",
    "outcome": "结果",
    "period": "所属月份",
    "permissions": "权限",
    "promised_school": "应升初中",
    "place": "地方",
    "placement": "安置方式",
    "prefix": "开头",
    "role": "岗位",
    "rows": "行数",
    "said": "答复",
    "school": "学校编号",
    "settings": "办理内容",
    "sex": "性别",
    "sharing": "共享",
    "sheets": "工作表",
    "shown": "查看项目",
    "source": "来源",
    "stages": "学段",
    "field": "对应为",
    "label": "列名",
    "office": "来源单位",
    "state": "状态",
    "student": "学生编号",
    "submitted_by": "提交人",
    "to_school": "新学校编号",
    "children": "学生数",
    "tokens_revoked": "作废的令牌数",
    "township": "乡镇",
    "unit": "单位",
    "user": "账号编号",
    "username": "用户名",
    "valid_from": "起始日期",
    "valid_to": "最后一天",
    "verdict": "核查结果",
    "version": "版本",
    "visit": "家访编号",
    "visit_no": "家访次数",
}


# Items kept as a code of core.codes.
CODES = {"grade": "grade", "ethnicity_code": "ethnicity"}

# Of the kinds of ledgers, which stand on a floor above and are no choices of a field.
LEDGERS = {"school_age": "适龄儿童少年", "suspected": "疑似辍学学生", "dropout": "辍学学生"}


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    entry: AuditEntry
    action: str
    subject: str
    href: str
    changes: list[Change]
    hidden: str
    purpose: str


def line(entry: AuditEntry, scope: Scope) -> Line:
    subject = SUBJECTS.get(entry.target_type, Subject("记录"))
    number = f" {entry.target_id}" if entry.target_id is not None else ""
    changes = _changes(entry)
    hidden = ""
    if subject.contents and not scope.whole_county(subject.contents):
        labels = "、".join(change.label for change in changes)
        hidden = f"{labels}：{HIDDEN}" if labels else ""
        changes = []
    return Line(
        entry,
        _deed(entry.action),
        subject.words + number,
        _href(entry, subject, scope),
        changes,
        hidden,
        masked(entry.purpose),
    )


def masked(text: str) -> str:
    return _NUMBER.sub(lambda found: idnumber.mask(found.group()), text)


def _deed(action: str) -> str:
    start = action.partition(".")[0]
    group = next((words for words, starts in GROUPS.values() if start in starts), "其他")
    return ACTIONS.get(action, f"{group}：其他事项")


def _field(name: str) -> str:
    return FIELDS.get(name, "其他项目")


def _href(entry: AuditEntry, subject: Subject, scope: Scope) -> str:
    permission = subject.page_permission
    if permission is None or entry.target_id is None or not scope.whole_county(permission):
        return ""
    return reverse(subject.page, args=[entry.target_id])


def _changes(entry: AuditEntry) -> list[Change]:
    names = list(dict.fromkeys([*entry.before, *entry.after]))
    return [
        Change(
            _field(name),
            _said(entry, name, entry.before.get(name)) if name in entry.before else "",
            _said(entry, name, entry.after.get(name)),
        )
        for name in names
    ]


def _said(entry: AuditEntry, name: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return "空"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        text = "、".join(_said(entry, name, one) for one in value)
    elif isinstance(value, dict):
        text = "，".join(f"{_field(k)} {_said(entry, k, v)}" for k, v in value.items())
    else:
        text = masked(_label(entry, name, str(value)))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _label(entry: AuditEntry, name: str, value: str) -> str:
    """A code in the words of its field's own choices, wherever the entry's model has them."""
    if name == "unit" and value == entry.county:
        return "全县"
    if name in CODES:
        return _code_name(CODES[name], value)
    if entry.action.startswith("ledger.") and name == "kind":
        return LEDGERS.get(value, value)
    for model in (entry.target_type, "accounts.grant"):
        try:
            field = apps.get_model(model)._meta.get_field(name)
        except (LookupError, FieldDoesNotExist):
            continue
        words = dict(getattr(field, "flatchoices", ()))
        if value in words:
            return str(words[value])
    return value


def _code_name(kind: str, value: str) -> str:
    try:
        return codes.name(kind, value)
    except codes.UnknownCode:
        return value
