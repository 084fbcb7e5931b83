from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from casework.services.rebuild import CHAIN, NO_EVENTS, Difference, differences, set_right

_WORDS = {
    CHAIN: "办理过程不连贯：上一步到“{stored}”，下一步从“{told}”开始",
    NO_EVENTS: "没有办理过程，现存“{stored}”",
}
_FIELD = "{field} 现存“{stored}”，按办理过程应为“{told}”"


class Command(BaseCommand):
    help = "Rebuild state and dates of every case from its events, or only compare them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, write nothing")

    def handle(self, *, check: bool, **options: Any) -> None:
        if not check:
            self._tell(set_right(), "已按办理过程更正")
        left = differences()
        if left:
            self._tell(left, "与办理过程不一致")
            raise CommandError("有个案与办理过程不一致，请联系维护人员核对。")
        self.stdout.write("个案状态与办理过程一致。")

    def _tell(self, found: list[Difference], what: str) -> None:
        for one in found:
            words = _WORDS.get(one.field, _FIELD).format(
                field=one.field, stored=one.stored or "", told=one.told or ""
            )
            self.stdout.write(f"{one.county} 个案 {one.case} {what}：{words}")
