"""一人一案 as a paper."""

from django.utils import timezone

from casework.models import CasePlan, DropoutCase
from casework.models.plan import PlanMeasure
from core import papers

_HEAD = ["序号", "措施", "责任人", "完成期限", "完成情况"]


def plan_paper(plan: CasePlan, case: DropoutCase) -> papers.Paper:
    """`case` with its student, school and class at hand."""
    child = case.student
    school = "".join(str(part) for part in (child.school, child.class_group) if part)
    facts = [
        ["姓名", child.full_name, "性别", child.sex],
        ["学校班级", school or "未就读", "个案编号", str(case.pk)],
        ["建案日期", f"{case.opened_on:%Y-%m-%d}", "现在情况", case.get_state_display()],
    ]
    rows = [_HEAD, *(_row(measure) for measure in plan.told())]
    return {
        "title": "控辍保学“一人一案”工作方案",
        "blocks": [
            papers.table(facts, widths=[2, 5, 2, 3]),
            papers.heading("一、原因分析"),
            papers.text(plan.cause),
            papers.heading("二、目标"),
            papers.text(plan.goal),
            papers.heading("三、措施"),
            papers.table(rows, widths=[1, 5, 3, 2, 4], head=True),
        ],
        "signers": [f"制定人：{plan.written_by_name}", *_approval(plan)],
        "day": papers.day_in_words(timezone.localdate(plan.written_at)),
        "notes": [f"第 {plan.number} 版，{plan.get_state_display()}。"],
    }


def _row(measure: PlanMeasure) -> list[str]:
    done = measure.result
    told = f"{done.done_on:%Y-%m-%d} {done.result}" if done else ""
    due = f"{measure.due_on:%Y-%m-%d}"
    return [str(measure.position), measure.what, measure.who, due, told]


def _approval(plan: CasePlan) -> list[str]:
    if plan.decided_at is None:
        return ["审批人："]
    day = timezone.localdate(plan.decided_at)
    words = f"{plan.get_state_display()}：{plan.decided_by_name} {day:%Y-%m-%d}"
    return [words, f"审批意见：{plan.remark}"] if plan.remark else [words]
