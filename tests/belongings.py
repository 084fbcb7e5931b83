"""Things the permission matrix needs one of: what hangs on a batch, on a list, on a person."""

import io
from datetime import date, timedelta
from functools import partial
from uuid import uuid4

from django.utils import timezone

from accounts import tokens
from accounts.scope import scope_for
from casework.models import (
    CaseHandover,
    CasePlan,
    DropoutCase,
    FineRule,
    HeldOp,
    LegalPaper,
    PhoneOp,
    PlanMeasure,
    PlannedVisit,
    ResponsibilityAssignment,
    ResponsibilityPledge,
    ResponsibilityRole,
    VisitBatch,
    VisitPhoto,
)
from casework.queries.bodies import bodies_of
from casework.services import photos
from core import crypto, vault
from core.models import Job, Notice
from students.models import (
    BulkAct,
    FactConflict,
    ImportBatch,
    MatchRun,
    OfficeList,
    RosterCorrection,
    RosterMark,
    SavedView,
)
from tests.factories import HomeVisitFactory, county_officer


def marked_cell(batch):
    """The batch was checked: one cell of it is wrong, and was corrected once."""
    batch.state = ImportBatch.State.CHECKED
    counts = dict.fromkeys(("created", "changed", "unchanged"), 0) | {"rejected": 1}
    heads = [[0, "姓名", "name"], [1, "身份证号", "id_number"]]
    sheet = {"sheet": "名册", "header_rows": [1, 1], "data_rows": 1, "other_rows": {}, **counts}
    batch.sheets = [sheet | {"heads": heads}]
    batch.save()
    place = {"county": "620602", "batch": batch}
    key = uuid4()
    RosterMark.objects.create(
        **place,
        id=key,
        sheet_no=0,
        row_no=2,
        code="id_checksum",
        field="id_number",
        column=1,
        seen_blind=b"",
        sealed=crypto.seal('["高磊", "629900201603070012"]', field=RosterMark.FIELD, row=key),
    )
    correction = RosterCorrection.objects.create(
        **place,
        field="id_number",
        label="身份证号",
        targets=[{"sheet": 0, "column": 1, "rows": [2]}],
        seal_id=key,
        sealed=crypto.seal('{"seen": "1", "new": "2"}', field=RosterCorrection.FIELD, row=key),
    )
    return {"sheet_no": 0, "row_no": 2, "column_no": 1, "correction_id": correction.pk}


def office_list(student):
    """A list that was read, a comparison that has not run yet, and one dispute."""
    own = OfficeList.objects.create(
        county="620602",
        kind="relief",
        owning_body="民政局",
        list_date=date(2026, 9, 15),
        file_name="低保.xlsx",
        sha256="1" * 64,
        stored_as="y",
        state="ready",
    )
    above = OfficeList.objects.create(
        county="620602",
        kind="sent_down",
        owning_body="省教育厅",
        list_date=date(2026, 9, 15),
        file_name="疑似.xlsx",
        sha256="2" * 64,
        stored_as="z",
        state="ready",
    )
    run = MatchRun.objects.create(
        county="620602", kind="any", office_list=own, as_of=date(2026, 10, 1)
    )
    conflict = FactConflict.objects.create(
        county="620602",
        office_list=own,
        student=student,
        kind="claimed",
        type_id="subsistence_allowance",
        owner_says="名单中没有此人",
        owner_source="名单：民政局",
        other_says="属于此类",
        other_source="名册：一小",
    )
    lists = {"list_id": own.pk, "sent_down_id": above.pk}
    return {**lists, "run_id": run.pk, "conflict_id": conflict.pk}


def responsibility(student):
    """A person for the child's class, a post of the county's own, and a signed pledge."""
    duty = ResponsibilityAssignment.objects.create(
        county="620602",
        role="class_teacher",
        line="education",
        full_name="曾晓燕",
        class_group=student.class_group,
        valid_from=date(2026, 9, 1),
    )
    post = ResponsibilityRole.objects.create(
        county="620602", code="own_post", name="寨老", line="government", level="village"
    )
    pledge = ResponsibilityPledge.objects.create(
        county="620602",
        year=2026,
        kind="school_family",
        student=student,
        upper_name="单文海",
        lower_name="王秀英",
        signed_on=date(2026, 9, 10),
        stored_as="scans/none",
        media_type="image/png",
        size=1,
        sha256="0" * 64,
    )
    return {
        "duty_id": duty.pk,
        "post_code": post.code,
        "pledge_id": pledge.pk,
        "pledge_kind": pledge.kind,
        "pledge_place": student.pk,
    }


def own_token(user):
    token, _ = tokens.issue(
        owner=user,
        county="620602",
        name="接口",
        permissions=set(),
        now=timezone.now(),
        lifetime=timedelta(days=1),
    )
    return token.pk


def own_act(user, kind):
    return BulkAct.objects.create(county="620602", actor=user, kind=kind).pk


def own_view(user):
    fields = {"name": "视图", "columns": ["sex"], "sort": ""}
    return SavedView.objects.create(county="620602", owner=user, **fields).pk


def own_download(user):
    return Job.objects.create(county="620602", task="students.download_list", actor_id=user.pk).pk


def own_notice(user):
    told = {"event": "e", "words": "任务已完成。", "path": "/"}
    return Notice.objects.create(county="620602", person_id=user.pk, **told).pk


def own_upload(user):
    place = {"county": "620602", "visit_id": uuid4(), "person_id": user.pk}
    return VisitPhoto.objects.create(photo=uuid4(), **place, size=3, sha256="0" * 64).pk


def visit_from_a_phone(case):
    """A visit with a photo that arrived, and another one that a person must decide on."""
    visit = HomeVisitFactory(case=case)
    photo = VisitPhoto.objects.create(
        photo=uuid4(),
        county=case.county,
        visit=visit,
        person_id=1,
        size=3,
        sha256="0" * 64,
        received=3,
        state="stored",
        stored_sha256="0" * 64,
    )
    vault.seal_into(photos.path_of(photo), io.BytesIO(b"jpg"))
    sent = {"op": uuid4(), "visit_uuid": uuid4(), "phone": uuid4(), "kind": "visit"}
    op = PhoneOp.objects.create(
        county=case.county,
        **sent,
        person_id=1,
        digest=b"",
        verdict="quarantined",
        status=202,
        content={"visited_on": "2026-09-20"},
    )
    held = HeldOp.objects.create(
        county=case.county, op=op, visit_uuid=op.visit_uuid, student=case.student, reason="reach"
    )
    found = {"visit_id": visit.pk, "photo_id": photo.pk, "held_id": held.pk}
    return {**found, "upload_id": uuid4()}


def own_paper(user, *, case=None):
    """A paper of the body the person acts for: nobody else serves it."""
    body = bodies_of(scope_for(user, on=timezone.localdate()))[0]
    return LegalPaper.objects.create(
        county="620602",
        case=case or DropoutCase.objects.filter(county="620602").earliest("pk"),
        kind_id="urging_notice",
        form_key=uuid4(),
        body=body.body,
        body_code=body.code,
        body_name=body.name,
        issued_on=date(2026, 9, 10),
        addressee="王建民",
        data=[{"title": "催学通知书", "blocks": [], "signers": [body.name]}],
    ).pk


def legal_things(case):
    """Of the chain of one case: a paper of the county, and the rule that permits fines."""
    rule = FineRule.objects.create(
        county="620602", name="某省条例", article="第一条", least=1, most=2, valid_from="2026-01-01"
    )
    return {
        "paper_id": own_paper(county_officer(), case=case),
        "paper_kind": "urging_notice",
        "fine_rule_id": rule.pk,
    }


def plan_of(case):
    """A plan that was handed in, with one measure."""
    plan = CasePlan.objects.create(
        county=case.county,
        case=case,
        number=1,
        cause="父母外出",
        goal="本月返校",
        state="submitted",
        submitted_at=timezone.now(),
        written_by=1,
        written_by_name="王丽",
    )
    measure = PlanMeasure.objects.create(
        county=case.county,
        plan=plan,
        position=1,
        what="每周家访一次",
        who="班主任",
        due_on=date(2026, 12, 10),
    )
    return {"plan_no": plan.number, "measure_key": measure.key}


def planned_visits(student):
    batch = VisitBatch.objects.create(
        county=student.county,
        school=student.school,
        title="全员家访",
        visitors="王丽",
        first_day=date(2026, 11, 1),
        last_day=date(2026, 11, 30),
        made_by=1,
        made_by_name="王丽",
    )
    planned = PlannedVisit.objects.create(
        county=student.county, batch=batch, student=student, planned_on=date(2026, 11, 2)
    )
    return {"visit_batch_id": batch.pk, "planned_id": planned.pk}


def handover(**sides):
    case = DropoutCase.objects.filter(county="620602").earliest("pk")
    facts = {"to_words": "陈静", "why": "调离", "work": "已家访", "due_on": date(2026, 12, 1)}
    return CaseHandover.objects.create(county="620602", case=case, **sides, **facts).pk


def asked_to_take(user):
    return handover(to_user=user, offered_by=1)


def own_offer(user):
    return handover(to_user=county_officer(), offered_by=user.pk)


OWNED = {
    "asked_id": asked_to_take,
    "offered_id": own_offer,
    "issued_id": own_paper,
    "upload_id": own_upload,
    "notice_id": own_notice,
    "token_id": own_token,
    "view_id": own_view,
    "download_id": own_download,
    "act_id": partial(own_act, kind=BulkAct.Kind.ADD_CATEGORY),
    "opening_id": partial(own_act, kind=BulkAct.Kind.OPEN_CASES),
}
