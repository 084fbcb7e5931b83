"""The life of a dropout case, as pure rules.

Sources: 教基厅函〔2024〕15号 (checks, ledgers, 销号), 教基〔2020〕5号 (劝返, 一人一案), 义务教育法
第五十八条 (lawful steps). The state chart is docs/architecture.md section "Case".
"""

from django.db.models import TextChoices


class CaseState(TextChoices):
    SUSPECTED = "suspected", "疑似"
    EXCLUDED = "excluded", "已排除"
    CONFIRMED = "confirmed", "确认辍学"
    PERSUADING = "persuading", "劝返中"
    ESCALATED = "escalated", "依法控辍"
    RETURNED = "returned", "已复学"
    OBSERVING = "observing", "跟踪中"
    CLOSED = "closed", "已销号"


OPEN_STATES = (
    CaseState.SUSPECTED,
    CaseState.CONFIRMED,
    CaseState.PERSUADING,
    CaseState.ESCALATED,
    CaseState.RETURNED,
    CaseState.OBSERVING,
)
DROPOUT_STATES = (CaseState.CONFIRMED, CaseState.PERSUADING, CaseState.ESCALATED)
ENDED_STATES = (CaseState.EXCLUDED, CaseState.CLOSED)
