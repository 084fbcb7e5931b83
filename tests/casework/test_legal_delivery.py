import io
from datetime import date, timedelta

import pytest
from PIL import Image

from casework import services
from casework.models import DropoutCase, LegalPaper
from casework.services import legal, scans
from core.models import AuditEntry
from tests.casework.legal import (
    START,
    TODAY,
    again,
    caller,
    days,
    make,
    open_tasks,
    persuaded_case,
    refused,
    serve,
    served,
    township,
)
from tests.factories import township_officer

pytestmark = pytest.mark.django_db


# -- service, scan, result -------------------------------------------------------------------------


def test_service_is_written_down_once_and_ends_its_task():
    case, asked = persuaded_case(), township()
    order = make(case, "order", asked, on=TODAY - days(2))

    serve(order, asked, on=TODAY - days(1), receiver="李桂英", receiver_relation="祖母")

    assert open_tasks(case, "legal_serve") == []
    with refused("已于 2026-11-19 登记送达"):
        serve(order, asked)
    assert AuditEntry.objects.filter(action="legal.serve", target_id=order.pk).count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"on": TODAY + timedelta(days=1)}, "不能晚于今天"),
        ({"on": TODAY - timedelta(days=3)}, "不能早于制作日期"),
        ({"served_way": "left"}, "留置送达须在“送达说明”中写明拒收事由和见证人"),
        ({"served_way": "entrusted"}, "委托送达须在“送达说明”中写明受委托"),
        ({"served_way": "notice"}, "公告送达须在“送达说明”中写明公告的地方"),
    ],
)
def test_a_service_has_a_likely_day_and_says_what_its_way_asks(fields, words):
    order = make(persuaded_case(), "order", (asked := township()), on=TODAY - days(2))

    with refused(words):
        serve(order, asked, **fields)
    assert again(order).served_on is None


def test_a_paper_whose_day_has_passed_cannot_be_served():
    order = make(persuaded_case(), "order", (asked := township()), on=START)

    with refused("写明的期限（2026-09-21）已过"):
        serve(order, asked, on=START + days(8))


def picture():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "JPEG")
    return out.getvalue()


def test_a_receipt_is_kept_sealed_and_read_back(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    order = make(persuaded_case(), "order", (asked := township()))
    content = picture()

    serve(order, asked, scan=io.BytesIO(content), scan_size=len(content))

    paper = again(order)
    assert paper.scan_type == "image/jpeg"
    (stored,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert content not in stored.read_bytes()
    assert b"".join(legal.read_scan(paper, actor=asked["actor"])) == content


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00" * 100, b"<svg onload=alert(1)>", b"\xff\xd8\xff\xe0broken"]
)
def test_what_is_no_scan_is_refused_and_nothing_is_kept(settings, tmp_path, content):
    settings.MEDIA_ROOT = tmp_path
    order = serve(make(persuaded_case(), "order", (asked := township())), asked)

    with refused("不是 PDF、JPG 或 PNG"):
        legal.add_scan(**asked, paper_id=order.pk, scan=io.BytesIO(content), scan_size=len(content))
    assert list(tmp_path.rglob("*")) == []


def test_a_scan_too_large_in_bytes_or_pixels_is_refused(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with refused("超过 10 MB"):
        scans.keep(io.BytesIO(b"%PDF-1.7"), size=10_000_001)
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    with refused("像素太多|不是 PDF"):
        scans.keep(bomb, size=len(bomb.getvalue()))
    assert list(tmp_path.rglob("*")) == []


def test_a_result_is_one_the_paper_can_have_and_ends_what_it_asked_for():
    case, asked = persuaded_case(), township()
    order = served(case, "order", asked, on=START)
    legal.pass_deadlines(today=TODAY)
    assert len(open_tasks(case, "legal_next")) == 1
    facts = {"paper_id": order.pk, "today": TODAY, "result_on": TODAY}

    with refused("没有“已调解”这项结果"):
        legal.record_result(**asked, **facts, result="mediated")
    legal.record_result(**asked, **facts, result="returned", result_note="11月20日返校")

    assert open_tasks(case, "legal_next") == []
    assert again(order).stage(on=TODAY) == "ended"


# -- the night -------------------------------------------------------------------------------------


def test_a_passed_deadline_sets_the_next_task_the_same_night(django_assert_num_queries):
    case, asked = persuaded_case(), township()
    order = served(case, "order", asked, on=START)  # until Monday 21 September
    assert legal.pass_deadlines(today=START + days(7)) == 0

    with django_assert_num_queries(2):  # the calendar, and one statement
        assert legal.pass_deadlines(today=START + days(8)) == 1

    (task,) = open_tasks(case, "legal_next")
    assert (task.line, task.about, task.set_on) == (
        "government",
        f"paper:{order.pk}",
        START + days(8),
    )
    # Fifteen working days, over the holidays of September and October.
    assert task.due_on == date(2026, 10, 20)
    assert "已过期限：未改正的" in task.words
    assert again(order).late_since == date(2026, 9, 22)
    assert legal.pass_deadlines(today=START + days(9)) == 0


def test_no_task_for_a_paper_unserved_void_answered_or_of_a_child_who_is_back():
    asked = township()
    cases = [persuaded_case() for _ in range(4)]
    orders = [make(case, "order", asked, on=START) for case in cases]
    for order in orders[1:]:
        serve(order, asked, on=START)
    legal.void_paper(**asked, paper_id=orders[1].pk, today=TODAY, void_reason="误")
    legal.record_result(
        **asked, paper_id=orders[2].pk, today=TODAY, result="refused", result_on=TODAY
    )
    DropoutCase.objects.filter(pk=cases[3].pk).update(state="returned")

    assert legal.pass_deadlines(today=TODAY) == 0


def test_a_child_back_at_school_settles_its_papers():
    cases, asked = [persuaded_case() for _ in range(2)], township()
    unserved = make(cases[0], "order", asked, on=START)
    late = served(cases[1], "order", asked, on=START)
    assert [paper.stage(on=TODAY) for paper in (again(unserved), again(late))] == [
        "unserved",
        "late",
    ]

    for case in cases:
        services.return_student(
            **asked, case_id=case.pk, today=TODAY, returned_on=TODAY, placement="RP01"
        )

    assert {again(paper).stage(on=TODAY) for paper in (unserved, late)} == {"ended"}
    assert open_tasks(cases[0], "legal_serve") == []
    ended = LegalPaper.objects.at_stage("ended", on=TODAY)
    assert set(ended) == {unserved, late}
    assert not LegalPaper.objects.at_stage("late", on=TODAY).exists()


def test_the_paper_that_follows_ends_the_task():
    case, asked = persuaded_case(), township()
    served(case, "order", asked, on=START)
    legal.pass_deadlines(today=TODAY)

    make(case, "demand", asked)

    assert open_tasks(case, "legal_next") == []
    assert len(open_tasks(case, "legal_serve")) == 1


def test_printing_is_the_same_file_every_time_and_leaves_a_trace():
    user = township_officer()
    order = make(persuaded_case(), "order", caller(user))

    files = {legal.print_paper(again(order), actor=user, as_word=False) for _ in range(2)}

    assert len(files) == 1
    assert files.pop().startswith(b"%PDF-")
    legal.print_paper(again(order), actor=user, as_word=True)
    assert AuditEntry.objects.filter(action="legal.print", target_id=order.pk).count() == 3
