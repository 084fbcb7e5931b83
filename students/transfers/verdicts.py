"""One end for a transfer between two counties, whoever comes to it first.

Each county decides behind its own wall and hears of the other by a worker, which takes a while. The
first to write the verdict has decided, also among two at the same instant: the second waits for the
row and is told what stands.
"""

from datetime import datetime
from uuid import UUID

from students.models import TransferVerdict
from students.transfers.states import TransferRefused, TransferState

_STANDS = {
    TransferState.ACCEPTED: "对方已经办结接收，答复正在送来。请稍后刷新页面，核对学生的学籍。",
    TransferState.REFUSED: "对方刚刚退回了这份申请，答复正在送来。请稍后刷新页面查看退回原因。",
    TransferState.WITHDRAWN: "转出学校刚刚撤回了这份申请，不能再办理。如仍需转学，请对方重新发出。",
}


def agree(link: UUID, state: TransferState, *, now: datetime) -> None:
    """Errors: TransferRefused where the other county has decided otherwise."""
    verdict, _ = TransferVerdict.objects.get_or_create(
        link=link, defaults={"state": state, "decided_at": now}
    )
    if verdict.state != state:
        raise TransferRefused(_STANDS[TransferState(verdict.state)])
