"""Words of the interface's description; nothing here runs when a ledger is pulled."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema_serializer
from rest_framework import serializers

ROWS_TEXT = """
给出本期最新版本与 `since_version` 之间的变化。首次拉取用 `since_version=0`，得到全部行；以后用上次
答复中的 `version`，只得到变化。

- `rows`：新增或变更的行，以 `id` 为键写入或覆盖。
- `tombstones`：应当删除的 `id`。该行在 `since_version` 时在令牌的范围内，现在台账里或令牌的范围内
  已没有它。
- `next_cursor`：还有下一页时给出，原样作为 `cursor` 再次请求；为 `null` 即已取完。
  同一串游标始终对应第一页时的版本，期间生成的新版本不会混入。

证件号码和电话默认脱敏；令牌带有查看完整号码的权限时给出完整号码，并按令牌用途记入审计。

`Accept: application/x-ndjson` 时一次给出全部变化，一行一个 JSON：首行是版本说明，之后每行一条记录或
`{"id": …, "gone": true}`，末行 `{"end": true, "rows": …, "tombstones": …}`。
没有末行即传输中断，请重新拉取。

令牌的范围改变后（如换了乡镇），请从 `since_version=0` 重新拉取。
"""

KIND = OpenApiParameter(
    "kind",
    str,
    OpenApiParameter.PATH,
    enum=["school_age", "suspected", "dropout"],
    description="台账种类：适龄儿童少年、疑似辍学学生、辍学学生。",
)
PERIOD = OpenApiParameter("period", str, OpenApiParameter.PATH, description="月份，例如 2026-11。")
UNIT = OpenApiParameter(
    "unit", str, description="填报单位：6 位县代码（默认）、9 位乡镇代码或 10 位学校标识码。"
)
SINCE = OpenApiParameter(
    "since_version", int, default=0, description="上次拉取到的版本号；首次为 0。"
)
CURSOR = OpenApiParameter("cursor", str, description="上一页答复中的 next_cursor。")
LIMIT = OpenApiParameter("limit", int, default=1000, description="每页行数，1 至 5000。")


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.AttachedUser"
    name = "AccessToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "在“访问令牌”页面申请。"}


class Column(serializers.Serializer[object]):
    group = serializers.CharField(help_text="上层表头；空为单独一列。", allow_blank=True)
    title = serializers.CharField(help_text="列名。")
    shape = serializers.ChoiceField(
        ["text", "number", "date"], help_text="内容形式，均以文本给出。"
    )
    is_secret = serializers.BooleanField(help_text="是否默认脱敏。")
    note = serializers.CharField(help_text="数据来源说明。", allow_blank=True)


class PeriodVersion(serializers.Serializer[object]):
    period = serializers.CharField(help_text="月份，例如 2026-11。")
    version = serializers.IntegerField(help_text="本期最新版本号，同一台账内递增。")
    as_of = serializers.DateField(help_text="数据截止日。")
    state = serializers.ChoiceField(["built", "locked"], help_text="已生成或已锁定。")
    rows = serializers.IntegerField(help_text="行数；0 为零报告。")
    born = serializers.IntegerField(help_text="本版新增或变更的行数。")
    died = serializers.IntegerField(help_text="本版变更或减少的行数。")
    digest = serializers.CharField(help_text="全部行的 SHA-256 摘要。")
    built_at = serializers.DateTimeField(help_text="生成时间。")


class KindDescription(serializers.Serializer[object]):
    kind = serializers.CharField(help_text="台账种类代码。")
    title = serializers.CharField(help_text="台账名称。")
    subject = serializers.CharField(help_text="一行代表什么：学生或个案。")
    statuses = serializers.DictField(child=serializers.CharField(), help_text="状态代码与名称。")
    columns = Column(many=True, help_text="列，先后与 cells 相同。")
    periods = PeriodVersion(many=True, help_text="各期最新版本，新的在前。")


@extend_schema_serializer(component_name="LedgerDirectory")
class Directory(serializers.Serializer[object]):
    county = serializers.CharField(help_text="县级区划代码。")
    unit = serializers.CharField(help_text="填报单位代码。")
    kinds = KindDescription(many=True, help_text="台账种类。")


@extend_schema_serializer(component_name="LedgerRow")
class Row(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="本行的键：学生或个案的编号。")
    student_id = serializers.IntegerField(help_text="学生编号。")
    version = serializers.IntegerField(help_text="本行出现的版本。")
    township = serializers.CharField(help_text="负责的乡镇代码。", allow_blank=True)
    school = serializers.CharField(help_text="学校标识码。", allow_null=True)
    status = serializers.CharField(help_text="状态代码。")
    cells = serializers.ListField(child=serializers.CharField(), help_text="各列内容。")


@extend_schema_serializer(component_name="LedgerRowsPage")
class RowsPage(serializers.Serializer[object]):
    kind = serializers.CharField(help_text="台账种类代码。")
    period = serializers.CharField(help_text="月份。")
    unit = serializers.CharField(help_text="填报单位代码。")
    version = serializers.IntegerField(help_text="本次拉取到的版本，下次作为 since_version。")
    since_version = serializers.IntegerField(help_text="起始版本。")
    as_of = serializers.DateField(help_text="数据截止日。")
    rows = Row(many=True, help_text="新增或变更的行。")
    tombstones = serializers.ListField(
        child=serializers.IntegerField(), help_text="应当删除的行的键。"
    )
    next_cursor = serializers.CharField(help_text="下一页的游标；null 为已取完。", allow_null=True)


@extend_schema_serializer(component_name="LedgerLine")
class Lines(Row):
    """One line of the stream."""


@extend_schema_serializer(component_name="Problem")
class Problem(serializers.Serializer[object]):
    type = serializers.CharField(help_text="问题种类。")
    title = serializers.CharField(help_text="问题名称。")
    status = serializers.IntegerField(help_text="HTTP 状态码。")
    detail = serializers.CharField(help_text="哪里有误，如何处理。")
