"""What the server answers, as the phone shows it: held, in conflict, refused, restored."""

import json
from datetime import timedelta
from uuid import uuid4

import psycopg2
import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import HeldOp, HomeVisit, PhoneOp, VisitPhoto, VisitVersion
from core import backups, tenancy
from students.models import Student
from tests import phones
from tests.browser.test_phone_people import a_visit_in_the_queue
from tests.factories import COUNTY, ClassGroupFactory, school_head
from tests.plugin import servers

pytestmark = pytest.mark.django_db(transaction=True)


# What came after the backup the server was restored from.
AFTER_THE_BACKUP = (
    "visitversion",
    "visitphoto",
    "heldop",
    "phoneop",
    "casetask",
    "caseevent",
    "homevisit",
)


def forget_since_the_backup():
    with psycopg2.connect(servers.superuser_url) as superuser, superuser.cursor() as cursor:
        # A replica fires no triggers: a restore asks none of them either.
        cursor.execute("SET session_replication_role = replica; SET lock_timeout = '20s'")
        for name in AFTER_THE_BACKUP:
            cursor.execute(f"DELETE FROM casework_{name}")
        cursor.execute("UPDATE casework_dropoutcase SET state = 'confirmed'")


def queue_entry(page, state):
    page.locator("#badge").click()
    return page.get_by_role("region", name=state).get_by_role("listitem")


def test_u077_a_visit_to_a_child_moved_away_meanwhile_wants_attention_and_stays(phone, case):
    page = a_visit_in_the_queue(phone, case)
    elsewhere = ClassGroupFactory()
    with tenancy.inside(COUNTY):
        Student.objects.filter(pk=case.student_id).update(
            class_group=elsewhere, school=elsewhere.school
        )

    phone.context.set_offline(False)

    expect(page.locator("#badge")).to_have_text("需处理 1")
    entry = queue_entry(page, "需处理")
    expect(entry).to_contain_text(case.student.full_name)
    expect(entry).to_contain_text(PhoneOp.objects.get().words)
    assert HeldOp.objects.get().reason == "reach"

    entry.get_by_role("button", name="知道了").click()
    expect(page.get_by_role("region", name="已送达").get_by_role("listitem")).to_have_count(1)


def test_a_refused_visit_is_mended_and_sent_anew(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    answers = []

    def refuse_once(route):
        if answers:
            route.continue_()
            return
        (op,) = json.loads(route.request.post_data)["ops"]
        answers.append(op["op"])
        told = {
            "op": op["op"],
            "verdict": "refused",
            "status": 422,
            "version": None,
            "words": "走访人最多 120 字，请删减。",
            "fields": {"visitors": "走访人最多 120 字，请删减。"},
        }
        now = timezone.localtime().isoformat()
        route.fulfill(json={"answers": [told], "server_now": now, "durable_until": None})

    page.route("**/cases/phone/ops/", refuse_once)
    phones.begin(page, case.student)
    phones.write(page)
    phones.finish(page)
    expect(page.locator("#badge")).to_have_text("需处理 1")

    entry = queue_entry(page, "需处理")
    entry.get_by_role("button", name="修改后重送").click()
    expect(page.get_by_role("heading", name="第 1 步")).to_be_visible()
    expect(page.locator("#note-visitors")).to_have_text("走访人最多 120 字，请删减。")
    page.get_by_label("走访人").fill("李秀兰、村会计")
    phones.write(page)
    phones.finish(page)

    phones.all_sent(page)
    assert HomeVisit.objects.get().visitors == "李秀兰、村会计"
    assert str(PhoneOp.objects.get().op) != answers[0]


def test_an_edit_sends_what_was_changed_and_is_in_conflict_with_another_hand(phone, case):
    page = a_visit_in_the_queue(phone, case, findings="祖母在家。")
    phone.context.set_offline(False)
    phones.all_sent(page)
    visit = HomeVisit.objects.get()
    head_edits(visit, advice="下周再去。")

    edit_from_the_first_version(page, findings="祖母和姑姑在家。")
    phones.all_sent(page)
    head_edits(visit, findings="祖父在家。", base=3)
    edit_from_the_first_version(page, findings="祖母、姑姑在家，祖父不在。")

    expect(page.locator("#badge")).to_have_text("需处理 1")
    edits = PhoneOp.objects.filter(kind="edit", person_id=phone.teacher.pk).order_by("seq")
    assert [edit.content for edit in edits] == [
        {"findings": "祖母和姑姑在家。"},
        {"findings": "祖母、姑姑在家，祖父不在。"},
    ]
    assert [edit.verdict for edit in edits] == ["merged", "conflict"]
    assert VisitVersion.objects.count() == 4
    expect(queue_entry(page, "需处理")).to_contain_text(edits[1].words)


def head_edits(visit, *, base=1, **content):
    """The head of the school puts something right on a phone of his own."""
    client = Client()
    client.force_login(school_head(visit.student.school))
    op = {"op": str(uuid4()), "kind": "edit", "visit": str(visit.pk), "seq": 1, "base": base}
    sent = {"phone": str(uuid4()), "ops": [{**op, "content": content, "photos": []}]}
    client.post("/cases/phone/ops/", sent, content_type="application/json")


def edit_from_the_first_version(page, *, findings):
    page.evaluate(
        """async () => {
          const [first] = (await phone.outbox.all(phone.app.store)).items;
          const child = phone.app.take.children[0];
          await phone.deeds.startEdit(child, { ...first.content, visit: first.visit, version: 1 });
        }"""
    )
    page.get_by_role("heading", name="第 1 步").wait_for()
    for _ in range(3):
        phones.forward(page)
    page.get_by_label("情况（选填）", exact=True).fill(findings)
    phones.forward(page)
    phones.forward(page)
    page.get_by_role("button", name="核对").click()
    page.get_by_role("button", name="完成修改").click()
    page.get_by_role("heading", name="待访名单").wait_for()
    page.evaluate("phone.app.sender.send()")


def test_u078_a_delivered_visit_stays_until_a_backup_covers_it(phone, case):
    page = a_visit_in_the_queue(phone, case)
    phone.context.set_offline(False)
    phones.all_sent(page)
    page.evaluate("phone.app.sender.send()")
    assert phones.item_states(page) == ["delivered"]

    backups.mark(covers_until=timezone.now() - timedelta(hours=1), now=timezone.now())
    page.evaluate("phone.app.sender.send()")
    assert phones.item_states(page) == ["delivered"]

    later = timezone.now() + timedelta(hours=1)
    backups.mark(covers_until=later, now=later)
    page.evaluate("phone.app.sender.send()")
    assert phones.item_states(page) == []


def test_u078_a_server_restored_from_an_older_backup_gets_the_visit_back(
    phone, case, monkeypatch, tmp_path
):
    page = a_visit_in_the_queue(
        phone, case, photos=[phones.noise(tmp_path / "1.jpg", size=(300, 200))]
    )
    phone.context.set_offline(False)
    phones.all_sent(page)
    (sent,) = phones.items(page)

    forget_since_the_backup()
    monkeypatch.setattr(backups, "lineage", lambda: "of the restored database")
    page.evaluate("phone.app.sender.send()")

    phones.all_sent(page)
    visit = HomeVisit.objects.get()
    assert str(visit.pk) == sent["visit"]
    assert [(str(p.photo), p.state) for p in visit.photos.all()] == [
        (sent["photos"][0]["photo"], "stored")
    ]


def test_a_photo_already_sent_is_taken_back_and_leaves_no_copy(phone, case, tmp_path):
    pictures = [phones.noise(tmp_path / f"{n}.jpg", size=(300, 200), seed=n) for n in range(2)]
    page = a_visit_in_the_queue(phone, case, photos=pictures)
    phone.context.set_offline(False)
    phones.all_sent(page)
    first, second = (photo["photo"] for photo in phones.items(page)[0]["photos"])

    page.get_by_role("link", name=case.student.full_name).click()
    page.get_by_role("button", name="修改").click()
    for _ in range(5):
        phones.forward(page)
    page.get_by_role("button", name="删除已上传的照片 1").click()
    page.get_by_role("button", name="核对").click()
    page.get_by_role("button", name="完成修改").click()

    phones.all_sent(page)
    states = dict(VisitPhoto.objects.values_list("photo", "state"))
    assert {str(photo): state for photo, state in states.items()} == {
        first: "deleted",
        second: "stored",
    }
    assert page.evaluate("phone.app.store.photoIds()") == [second]
    kinds = list(PhoneOp.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["visit", "delete_photo"]  # nothing else was changed
