"""目标责任书: who is to sign, the paper with the names of the day, the signed scan."""

import io
from datetime import date
from zipfile import ZipFile

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from casework.duties import PARTIES, PledgeKind
from casework.models import ResponsibilityPledge
from casework.queries.pledges import PledgeList, this_year
from casework.services import pledges as services
from casework.services import scans
from core.models import AuditEntry
from tests.casework.duties import DAY, assign, scope_of
from tests.factories import (
    COUNTY,
    TOWNSHIP,
    GuardianFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    class_teacher,
    county_officer,
    division,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
VILLAGE = f"{TOWNSHIP}201"


@pytest.fixture
def student():
    return StudentFactory(hukou_division=division(VILLAGE).code)


def page_of(client, user, name, *args, query=""):
    client.force_login(user)
    return client.get(reverse(f"casework:{name}", args=args) + query)


def picture(kind="PNG"):
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(file, kind)
    file.seek(0)
    file.name = f"签字.{kind.lower().replace('jpeg', 'jpg')}"
    return file


def sign(client, kind, place, *, file=None, **said):
    facts = {"upper_name": "王建国", "lower_name": "张永福", "signed_on": "2026-09-10"} | said
    address = reverse("casework:pledge-sign", args=[kind, place])
    return client.post(address, facts | {"file": file or picture()}, follow=True)


def lists(user):
    scope = scope_of(user)["scope"]
    return {kind: PledgeList(scope, kind, this_year(DAY), DAY, {}) for kind in PledgeKind}


def test_each_level_signs_with_the_next(student):
    SchoolFactory(stages=["preschool"])
    totals = {kind: one.total for kind, one in lists(county_officer()).items()}

    assert totals == {
        PledgeKind.COUNTY_TOWNSHIP: 1,
        PledgeKind.TOWNSHIP_VILLAGE: 1,
        PledgeKind.COUNTY_SCHOOL: 1,
        PledgeKind.SCHOOL_CLASS: 1,
        PledgeKind.SCHOOL_FAMILY: 1,
    }


def test_everybody_sees_the_parties_of_their_own_reach(student):
    other = StudentFactory(class_group__school__township=division("620602104"))
    totals = [
        [one.total for one in lists(user).values()]
        for user in (
            county_officer(),
            township_officer(),
            school_head(student.school),
            class_teacher(student.class_group),
        )
    ]

    assert totals == [[2, 1, 2, 2, 2], [1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]]
    assert other.pk


def test_the_paper_names_the_parties_of_the_day(student):
    assign("county_head", COUNTY, "县长甲", duty="凉州区区长")
    assign("county_leader", TOWNSHIP, "包领导")
    assign("township_head", TOWNSHIP, "镇长甲")
    scope = scope_of(county_officer())["scope"]

    paper = services.paper(
        PledgeKind.COUNTY_TOWNSHIP, division(TOWNSHIP), scope=scope, year=2026, on=DAY
    )

    told = str(paper)
    for words in ("凉州区人民政府", "黄羊镇人民政府", "县长甲（凉州区区长）", "镇长甲", "1人"):
        assert words in told
    assert "包领导" not in told
    assert "{" not in "".join(block.get("text", "") for block in paper["blocks"])


@pytest.mark.parametrize("kind", PledgeKind.values)
def test_every_kind_is_made_in_word_and_in_pdf(client, student, kind):
    StudentGuardianFactory(student=student, guardian=GuardianFactory(full_name="王秀英"))
    place = {
        "township": TOWNSHIP,
        "village": VILLAGE,
        "school": student.school_id,
        "class_group": student.class_group_id,
        "student": student.pk,
    }[PARTIES[PledgeKind(kind)].lower]
    officer = county_officer()

    word = page_of(client, officer, "pledge-paper", kind, place, query="?as=docx")
    text = ZipFile(io.BytesIO(word.content)).read("word/document.xml").decode()
    assert "责任书" in text
    assert "2026—2027学年" in text
    assert ("王秀英" in text) == (kind == "school_family")
    pdf = page_of(client, officer, "pledge-paper", kind, place, query="?as=pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf["Content-Disposition"].startswith("attachment")


def test_all_of_a_list_come_in_one_file(client, student):
    StudentFactory(class_group=student.class_group)
    answer = page_of(
        client,
        school_head(student.school),
        "pledge-papers",
        query="?kind=school_family&state=unsigned&as=docx",
    )

    text = ZipFile(io.BytesIO(answer.content)).read("word/document.xml").decode()
    assert text.count("控辍保学家校责任书") == 2


def test_a_list_too_long_for_one_file_is_told(client, student, monkeypatch):
    monkeypatch.setattr("casework.views.pledges.MOST_PAPERS", 0)
    client.force_login(county_officer())
    address = reverse("casework:pledge-papers") + "?kind=school_family&as=pdf"
    assert "请按乡镇或学校筛选" in client.get(address, follow=True).content.decode()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_signed_scan_is_kept_sealed_and_given_back_as_it_came(client, student, kind):
    head = school_head(student.school)
    client.force_login(head)
    file = picture(kind)
    content = file.getvalue()

    answer = sign(client, "school_family", student.pk, file=file)

    assert "已存入" in answer.content.decode()
    pledge = ResponsibilityPledge.objects.get()
    assert (pledge.student, pledge.year, pledge.size) == (student, 2026, len(content))
    sealed = scans._path(pledge.stored_as).read_bytes()
    assert content[:16] not in sealed
    back = client.get(reverse("casework:pledge-scan", args=[pledge.pk]))
    assert b"".join(back.streaming_content) == content
    assert back["Content-Type"] == f"image/{kind.lower()}"
    assert AuditEntry.objects.filter(action="pledge.read", target_id=pledge.pk).count() == 1
    assert lists(head)[PledgeKind.SCHOOL_FAMILY].signed == 1


def test_a_pdf_is_kept_too(client, student):
    client.force_login(county_officer())
    file = io.BytesIO(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
    file.name = "扫描.pdf"
    sign(client, "county_township", TOWNSHIP, file=file)
    assert ResponsibilityPledge.objects.get().media_type == "application/pdf"


@pytest.mark.parametrize(
    "name, content, told",
    [
        ("签字.docx", b"PK\x03\x04", "须是 PDF、JPG 或 PNG"),
        ("签字.png", b"<html><script>alert(1)</script>", "不是 PDF、JPG 或 PNG"),
        ("签字.jpg", b"", "是空的"),
        ("签字.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "不是 PDF、JPG 或 PNG"),
    ],
)
def test_what_is_no_scan_is_not_kept(client, student, name, content, told):
    client.force_login(county_officer())
    file = io.BytesIO(content)
    file.name = name

    answer = sign(client, "school_family", student.pk, file=file)

    assert told in answer.content.decode()
    assert not ResponsibilityPledge.objects.exists()


def test_a_second_scan_replaces_the_first_which_stays_readable(client, student):
    client.force_login(school_head(student.school))
    sign(client, "school_class", student.class_group_id)
    first = ResponsibilityPledge.objects.get()
    sign(client, "school_class", student.class_group_id, lower_name="曾晓燕")

    assert ResponsibilityPledge.objects.in_force().get().lower_name == "曾晓燕"
    first.refresh_from_db()
    assert first.replaced_at
    assert client.get(reverse("casework:pledge-scan", args=[first.pk])).status_code == 200


def test_who_has_signed_and_who_has_not(client, student):
    other = StudentFactory(class_group=student.class_group)
    head = school_head(student.school)
    client.force_login(head)
    sign(client, "school_family", student.pk)

    def names(state):
        query = f"?kind=school_family&state={state}"
        answer = page_of(client, head, "pledge-list", query=query)
        return {place.pk for place, _ in answer.context["lines"]}

    assert names("signed") == {student.pk}
    assert names("unsigned") == {other.pk}
    assert names("") == {student.pk, other.pk}
    pledge = ResponsibilityPledge.objects.get()
    client.post(reverse("casework:pledge-withdraw", args=[pledge.pk]))
    assert names("signed") == set()
    assert scans.is_kept(pledge.stored_as)


def test_a_day_to_come_is_no_day_of_signing(client, student):
    client.force_login(county_officer())
    tomorrow = timezone.localdate().replace(year=timezone.localdate().year + 1)
    answer = sign(client, "school_family", student.pk, signed_on=tomorrow.isoformat())
    assert "请改为实际签字的日期" in answer.content.decode()


def test_a_township_keeps_no_pledge_of_the_education_line(client, student):
    client.force_login(township_officer())
    answer = sign(client, "school_family", student.pk)
    assert "教育线的责任人由学校、县教育局登记" in answer.content.decode()
    assert not ResponsibilityPledge.objects.exists()


def test_one_pledge_in_force_for_a_party_and_a_year(student):
    facts = {
        "county": COUNTY,
        "year": 2026,
        "kind": "school_family",
        "student": student,
        "upper_name": "甲",
        "lower_name": "乙",
        "signed_on": date(2026, 9, 1),
        "stored_as": "x",
        "media_type": "image/png",
        "size": 1,
        "sha256": "0",
    }
    ResponsibilityPledge.objects.create(**facts)
    with pytest.raises(IntegrityError, match="pledge_once_a_year_per_student"):
        with transaction.atomic():
            ResponsibilityPledge.objects.create(**facts)
