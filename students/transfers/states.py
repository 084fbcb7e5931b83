"""The life of a transfer, as pure rules. The child stays with the sender until the receiver says.

Source: 中小学生学籍管理办法（教基〔2025〕1号）, 籍随人走, each side answers within working days.
"""

from django.db.models import TextChoices


class TransferState(TextChoices):
    SENT = "sent", "待接收"
    OVERDUE = "overdue", "逾期未接收"
    ACCEPTED = "accepted", "已接收"
    REFUSED = "refused", "已退回"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN_STATES = (TransferState.SENT, TransferState.OVERDUE)


class TransferRefused(Exception):
    """The rule says no. The text names the thing and the remedy; `field` where it belongs."""

    def __init__(self, words: str, *, field: str | None = None) -> None:
        self.field = field
        super().__init__(words)


_REMEDY = {
    TransferState.ACCEPTED: "学生已由接收学校接收；如有误，请由现就读学校重新办理转学",
    TransferState.REFUSED: "如仍需转学，请由转出学校改正后重新发出",
    TransferState.WITHDRAWN: "如仍需转学，请由转出学校重新发出",
}


def refuse_answered(state: TransferState, deed: str) -> None:
    """A late answer is an answer; a second one is not."""
    if state not in OPEN_STATES:
        raise TransferRefused(f"这份转学申请“{state.label}”，不能再{deed}。{_REMEDY[state]}。")
