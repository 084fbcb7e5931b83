import io
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from casework.models import FineRule, LegalPaper
from casework.services import legal
from tests.casework.legal import caller, fine_rule, make, persuaded_case, serve
from tests.factories import (
    StudentGuardianFactory,
    county_officer,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def case(today):
    return persuaded_case(opened_on=today - timedelta(days=60))


@pytest.fixture
def officer(client):
    user = township_officer(full_name="张永福")
    client.force_login(user)
    return user


def href(name, *args):
    return reverse(f"casework:{name}", args=args)


def order_of(case, user, *, on):
    return make(case, "order", caller(user, on=on), on=on, today=on)


def picture():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "PNG")
    return SimpleUploadedFile("回证.png", out.getvalue(), "image/png")


def test_the_chain_is_shown_with_the_reason_why_a_step_is_not_open(client, officer, case):
    page = client.get(href("paper-kinds", case.pk)).content.decode()

    assert href("paper-issue", case.pk, "order") in page
    assert href("paper-issue", case.pk, "demand") not in page
    assert "本县没有启用地方罚款规定" not in page  # an earlier reason comes first
    assert "《民事起诉状》只能在“依法控辍”的个案中制作" in page


def test_a_school_is_told_whose_paper_an_order_is(client, case):
    client.force_login(school_head(case.student.school))

    page = client.get(href("paper-kinds", case.pk)).content.decode()

    assert href("paper-issue", case.pk, "urging_notice") in page
    assert href("paper-issue", case.pk, "order") not in page
    assert "您的单位不能制作" in page
    shown = client.get(href("paper-issue", case.pk, "order"), follow=True)
    assert shown.request["PATH_INFO"] == href("paper-kinds", case.pk)


def test_the_form_knows_the_guardian_and_the_facts_and_makes_the_paper(
    client, officer, case, today
):
    StudentGuardianFactory(student=case.student, guardian__full_name="王建民")
    address = href("paper-issue", case.pk, "order")
    page = client.get(address)
    form = page.context["form"]
    assert form.initial["addressee"] == "王建民"
    assert "经1次上门劝返" in form.initial["facts"]
    asked = {
        "form_key": str(uuid.uuid4()),
        "body_code": form.initial["body_code"],
        "issued_on": today.isoformat(),
        "addressee": "王建民",
        "relation": "父亲",
        "facts": form.initial["facts"],
        "deadline_on": (today + timedelta(days=7)).isoformat(),
    }

    wrong = client.post(address, {**asked, "deadline_on": today.isoformat()})
    assert "期限须在制作日期之后" in wrong.content.decode()
    made = client.post(address, asked, follow=True)
    client.post(address, asked)  # the same page sent again

    paper = LegalPaper.objects.get()
    assert made.request["PATH_INFO"] == href("paper-detail", paper.pk)
    text = made.content.decode()
    assert "请打印、盖章后送达" in text
    assert f"《责令送被监护人接受义务教育通知书》黄羊镇控辍〔{today.year}〕1号" in text
    assert "送达前期限不起算" in text


def test_the_section_of_the_case_page_is_a_fragment_and_a_whole_page(
    client, officer, case, today, django_assert_max_num_queries
):
    order_of(case, officer, on=today)
    order = LegalPaper.objects.get()
    detail = client.get(href("case-detail", case.pk)).content.decode()
    assert f'hx-get="{href("case-papers", case.pk)}"' in detail

    whole = client.get(href("case-papers", case.pk)).content.decode()
    with django_assert_max_num_queries(20):
        part = client.get(href("case-papers", case.pk), headers={"HX-Request": "true"})

    assert "<html" in whole
    assert "<html" not in part.content.decode()
    for page in (whole, part.content.decode()):
        assert order.number in page
        assert "待送达" in page


def test_service_receipt_and_result_are_written_down(
    client, officer, case, today, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    order = order_of(case, officer, on=today)
    served = client.post(
        href("paper-serve", order.pk),
        {
            "served_on": today.isoformat(),
            "served_way": "direct",
            "receiver": "王建民",
            "receiver_relation": "本人",
            "served_by": "张永福、李四",
            "scan": picture(),
        },
        follow=True,
    )
    assert "“登记送达”已办理" in served.content.decode()
    assert "直接送达，王建民（本人） 签收" in served.content.decode()
    scan = client.get(href("paper-scan", order.pk))
    assert scan["Content-Type"] == "image/png"
    assert scan["Content-Disposition"].startswith("attachment")
    assert b"".join(scan.streaming_content).startswith(b"\x89PNG")

    none = client.post(href("paper-result", order.pk), {"result_on": today.isoformat()})
    assert "请选择结果" in none.content.decode()
    asked = {"result": "returned", "result_on": today.isoformat(), "result_note": "已返校"}
    page = client.post(href("paper-result", order.pk), asked, follow=True).content.decode()
    assert "已办结" in page


def test_a_file_that_is_no_scan_is_refused_on_the_form(client, officer, case, today):
    order = serve(
        order_of(case, officer, on=today), caller(officer, on=today), on=today, today=today
    )
    wrong = SimpleUploadedFile("回证.docx", b"PK\x03\x04", "application/msword")

    page = client.post(href("paper-scan-new", order.pk), {"scan": wrong}).content.decode()

    assert "不是 PDF、JPG 或 PNG" in page
    assert (
        "没有送达回证扫描件"
        in client.get(href("paper-scan", order.pk), follow=True).content.decode()
    )


def test_a_paper_comes_as_pdf_and_as_word_also_when_void(client, officer, case, today):
    order = order_of(case, officer, on=today)
    pdf = client.get(href("paper-pdf", order.pk))
    word = client.get(href("paper-docx", order.pk))
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert pdf["Content-Disposition"].startswith("inline")
    assert (word.content[:2], word["Cache-Control"]) == (b"PK", "no-store")

    page = client.post(href("paper-void", order.pk), {"void_reason": "姓名有误"}, follow=True)
    assert "姓名有误" in page.content.decode()
    assert client.get(href("paper-pdf", order.pk)).content != pdf.content


def test_only_the_body_that_made_a_paper_may_act_on_it(client, case, today):
    order = order_of(case, township_officer(), on=today)
    client.force_login(county_officer())

    page = client.get(href("paper-detail", order.pk)).content.decode()

    assert href("paper-pdf", order.pk) in page
    assert href("paper-serve", order.pk) not in page
    assert client.get(href("paper-serve", order.pk)).status_code == 404


def test_every_count_of_the_list_equals_the_list_behind_it(client, today):
    user = township_officer()
    client.force_login(user)
    asked, long_ago = caller(user, on=today), today - timedelta(days=30)
    cases = [persuaded_case(opened_on=today - timedelta(days=60)) for _ in range(5)]
    orders = [make(case, "order", asked, on=long_ago, today=today) for case in cases]
    for order in orders[1:4]:
        serve(order, asked, on=long_ago, today=today)
    done = {"paper_id": orders[1].pk, "result": "returned", "result_on": today}
    legal.record_result(**asked, today=today, **done)
    legal.void_paper(**asked, paper_id=orders[4].pk, today=today, void_reason="误")
    make(cases[2], "order", asked, on=today, today=today)
    serve(LegalPaper.objects.latest("pk"), asked, on=today, today=today)

    chips = client.get(href("paper-list")).context["chips"]

    assert {label: count for _, label, count, _ in chips} == {
        "全部": 6,
        "待送达": 1,
        "期限内": 1,
        "已过期限": 2,
        "已办结": 1,
        "已作废": 1,
    }
    for query, _, count, _ in chips:
        shown = client.get(f"{href('paper-list')}?{query}")
        assert (shown.context["page"].count, len(shown.context["lines"])) == (count, count)
    for query, count in (
        *(("kind=order", 6), ("kind=lawsuit", 0), ("body=township", 6), ("body=county", 0)),
        *(("town=620602100", 6), ("stage=late&kind=order", 2), (f"year={long_ago.year}", None)),
    ):
        shown = client.get(f"{href('paper-list')}?{query}").context["page"]
        assert count is None or shown.count == len(shown.rows) == count


def test_the_county_switches_fines_on_and_off(client, case, today):
    client.force_login(county_officer())
    page = client.get(href("fine-rules"))
    assert "今天没有有效的罚款规定，处罚文书不能制作" in page.content.decode()
    asked = {
        "name": "某省义务教育条例",
        "article": "第四十六条",
        "least": "1000",
        "most": "100",
        "valid_from": today.isoformat(),
        "source": "省人大常委会公告",
    }
    assert "罚款下限高于上限" in client.post(href("fine-rules"), asked).content.decode()
    said = client.post(href("fine-rules"), {**asked, "least": "50"}, follow=True)
    assert "今天有效：《某省义务教育条例》第四十六条" in said.content.decode()

    rule = FineRule.objects.get()
    client.post(href("fine-rule-end", rule.pk), {"last_day": today.isoformat()})
    rule.refresh_from_db()
    assert rule.valid_to == today


def test_another_countys_rule_is_no_rule_here(client):
    rule = fine_rule(name="邻县办法")
    client.force_login(county_officer("620621"))

    assert client.get(href("fine-rule-end", rule.pk)).status_code == 404
    assert rule.name not in client.get(href("fine-rules")).content.decode()
