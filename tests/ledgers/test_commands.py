import json
from datetime import date

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from core.models import AuditEntry
from ledgers.models import LedgerVersion
from tests.factories import StudentFactory, division, id_number
from tests.ledgers.books import dropout

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _county():
    division()


def told(capsys, *words):
    capsys.readouterr()
    call_command(*words)
    return capsys.readouterr().out


def test_build_answers_as_json(capsys):
    dropout(StudentFactory())

    answer = json.loads(told(capsys, "build_ledger", "dropout", "2026-09", "--json"))

    version = LedgerVersion.objects.get()
    assert (
        answer
        | {
            "kind": "dropout",
            "period": "2026-09",
            "unit": "620602",
            "version": 1,
            "rows": 1,
            "born": 1,
            "died": 0,
            "as_of": "2026-09-30",
            "digest": version.digest,
        }
        == answer
    )


def test_build_says_when_nothing_changed_and_when_there_is_nothing(capsys):
    first = told(capsys, "build_ledger", "dropout", "2026-09")
    again = told(capsys, "build_ledger", "dropout", "2026-09")

    assert "共 0 行（零报告）" in first
    assert "没有变化，版本不变" in again
    assert LedgerVersion.objects.count() == 1


def test_the_running_month_stands_on_today(capsys):
    today = timezone.localdate()

    answer = json.loads(told(capsys, "build_ledger", "dropout", f"{today:%Y-%m}", "--json"))

    assert answer["as_of"] == f"{today:%Y-%m-%d}"


@pytest.mark.parametrize(
    "words, remedy",
    [
        (["dropouts", "2026-09"], "可选：school_age"),
        (["dropout", "2026-9"], "请写成年-月"),
        (["dropout", "2199-01"], "期别“2199-01”不是月份"),
        (["dropout", "2099-01"], "2099-01 尚未开始"),
        (["dropout", "2026-09", "--unit", "1"], "没有找到填报单位“1”"),
    ],
)
def test_build_refuses_in_words(words, remedy):
    with pytest.raises(CommandError, match=remedy):
        call_command("build_ledger", *words)


def test_export_writes_the_newest_version(capsys, tmp_path):
    dropout(StudentFactory(full_name="张明"))
    call_command("build_ledger", "dropout", "2026-09")
    out = tmp_path / "台账.xlsx"

    line = told(capsys, "export_ledger", "dropout", "2026-09", str(out))

    assert "第 1 版，1 行" in line
    sheet = openpyxl.load_workbook(out).active
    assert sheet["A1"].value == "凉州区2026年9月辍学学生台账"
    assert sheet["B5"].value == "张明"
    assert "*" in sheet["E5"].value


def test_export_in_full_needs_a_purpose_and_is_audited(tmp_path):
    number = id_number(born=date(2017, 3, 4))
    dropout(StudentFactory(birth_date=date(2017, 3, 4), number=number))
    call_command("build_ledger", "dropout", "2026-09")
    out = tmp_path / "full.xlsx"
    words = ["export_ledger", "dropout", "2026-09", str(out), "--full"]

    with pytest.raises(CommandError, match="--purpose 写明用途"):
        call_command(*words)
    call_command(*words, "--purpose", "报市局核查")

    assert openpyxl.load_workbook(out).active["E5"].value == number
    assert AuditEntry.objects.get(action="ledger.export").purpose == "报市局核查"


def test_export_of_a_ledger_not_built_says_what_to_do_and_leaves_no_file(tmp_path):
    out = tmp_path / "none.xlsx"

    with pytest.raises(CommandError, match="请先运行 build_ledger dropout 2026-09"):
        call_command("export_ledger", "dropout", "2026-09", str(out))
    assert not out.exists()
