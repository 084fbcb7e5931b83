"""Correcting cells in the preview: what is kept, what is judged again, who may overrule whom."""

from threading import Thread

import pytest
from django.db import connection

from core import jobs, tenancy
from core.models import AuditEntry, Job, Notice
from students.models import ImportBatch, RosterCorrection, RosterMark, RosterRow, Student
from students.queries import batches, preview
from students.rosters import corrections, files, services
from students.rosters.corrections import CellRefused, ChangedMeanwhile, Place, token
from tests.factories import (
    COUNTY,
    YEAR,
    SchoolFactory,
    StudentFactory,
    county_officer,
    seal_identifier,
)
from tests.rosters import HEAD, hand_in, line, number

pytestmark = pytest.mark.django_db
SEX, BORN, SCHOOL, GRADE = 2, 3, 4, 5


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def officer():
    return county_officer()


@pytest.fixture
def school():
    return SchoolFactory(name="青林中心小学", stages=["primary"])


def judge(batch):
    return services.check(county=COUNTY, batch_id=batch.pk)


def counts(batch):
    return batches.totals(ImportBatch.objects.get(pk=batch.pk)).verdicts


def correct(batch, officer, row, column, text, *, seen):
    with tenancy.inside(COUNTY):
        return corrections.correct(
            county=COUNTY,
            batch_id=batch.pk,
            place=Place(0, row, column),
            text=text,
            seen=token(seen),
            actor=officer,
        )


def correct_all(batch, officer, code, field, value, text):
    return corrections.correct_all(
        county=COUNTY,
        batch_id=batch.pk,
        code=code,
        field=field,
        value=token(value),
        text=text,
        actor=officer,
    )


def test_u030_a_rejected_row_is_marked_at_its_cell_and_its_cells_are_sealed(officer, school):
    batch = hand_in(officer, line(0), line(1, grade="初四"))

    mark = RosterMark.objects.get()

    assert (mark.row_no, mark.code, mark.field, mark.column) == (3, "grade_unknown", "grade", GRADE)
    assert mark.seen == "初四"
    assert mark.cells()[:2] == ["张小乙", number(1)]
    assert number(1).encode() not in bytes(mark.sealed)
    assert batch.sheets[0]["heads"][GRADE] == [GRADE, "年级", "grade"]


def test_u030_an_identity_number_is_masked_in_its_mark(officer, school):
    bad = number(1)[:17] + ("0" if number(1)[17] != "0" else "1")
    hand_in(officer, line(1, id_text=bad))

    mark = RosterMark.objects.get()

    assert mark.code == "id_checksum"
    assert mark.seen == f"{bad[:3]}***********{bad[-4:]}"


def test_u031_a_corrected_cell_is_judged_again_without_another_upload(officer, school):
    batch = hand_in(officer, line(0), line(1, grade="初四"))
    assert (counts(batch)["created"], counts(batch)["rejected"]) == (1, 1)

    correct(batch, officer, 3, GRADE, "四年级", seen="初四")
    assert ImportBatch.objects.get().state == "checking"
    judge(batch)

    assert (counts(batch)["created"], counts(batch)["rejected"]) == (2, 0)
    assert RosterRow.objects.get(row_no=3).grade == 14
    assert not Student.objects.exists()
    assert not RosterMark.objects.exists()


def test_u031_all_cells_of_one_fault_are_changed_at_once_and_counted(officer, school):
    batch = hand_in(officer, *(line(n, sex="男性") for n in range(4)), line(5, sex="男"))
    marks = corrections.marks_of(batch, code="sex_unread", field="sex", value=token("男性"))
    assert marks.count() == 4

    changed = correct_all(batch, officer, "sex_unread", "sex", "男性", "男")
    judge(batch)

    assert changed == RosterCorrection.objects.get().cells == 4
    assert not RosterMark.objects.exists()
    assert counts(batch) == {"created": 5, "changed": 0, "unchanged": 0, "rejected": 0}


def test_only_rows_with_the_fault_are_changed_where_the_same_words_are_right_elsewhere(officer):
    SchoolFactory(name="青林中心小学", stages=["primary"])
    SchoolFactory(name="青林学校", stages=["primary", "junior"])
    good = line(0, grade=f"{YEAR}级")
    batch = hand_in(officer, good, line(1, grade=f"{YEAR}级", school="青林学校"))

    correct_all(batch, officer, "grade_unknown", "grade", f"{YEAR}级", "七年级")
    judge(batch)

    grades = list(RosterRow.objects.order_by("row_no").values_list("grade", flat=True))
    assert grades == [11, 21]


def test_u031_a_correction_taken_back_brings_the_fault_back(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")
    judge(batch)

    corrections.take_back(
        county=COUNTY,
        batch_id=batch.pk,
        correction_id=RosterCorrection.objects.get().pk,
        actor=officer,
    )
    judge(batch)

    assert RosterMark.objects.get().seen == "初四"
    assert counts(batch)["rejected"] == 1


def test_u019_the_second_of_two_learns_what_the_first_one_set(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))
    second = county_officer(username="second", full_name="第二人")
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")

    with pytest.raises(ChangedMeanwhile) as clash:
        correct(batch, second, 2, GRADE, "五年级", seen="初四")

    found = clash.value.standing
    assert (found.text, found.by) == ("四年级", officer.full_name)
    correct(batch, second, 2, GRADE, "五年级", seen="四年级")
    judge(batch)
    assert RosterRow.objects.get().grade == 15


def test_u019_also_after_the_first_correction_has_put_the_row_in_order(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")
    judge(batch)

    with pytest.raises(ChangedMeanwhile):
        correct(batch, officer, 2, GRADE, "五年级", seen="初四")


def test_the_same_correction_twice_is_one(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))

    correct(batch, officer, 2, GRADE, "四年级", seen="初四")
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")

    assert RosterCorrection.objects.count() == 1


@pytest.mark.parametrize("pasted", ["1.10101E+17", "6.29900e17", "１．１０１０１Ｅ＋１７"])
def test_u017_a_number_in_scientific_form_is_refused_with_the_reason(officer, school, pasted):
    batch = hand_in(officer, line(1, id_text="1234"))

    with pytest.raises(CellRefused, match="证件号被 Excel 变成了科学计数，后几位已丢失"):
        correct(batch, officer, 2, 1, pasted, seen="1234")

    assert not RosterCorrection.objects.exists()


def test_a_column_that_is_not_judged_cannot_be_corrected(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))

    with pytest.raises(CellRefused, match="这一列不参加核对"):
        correct(batch, officer, 2, 6, "19900000000", seen="19912345678")


@pytest.mark.django_db(transaction=True)
def test_a_correction_made_while_the_file_is_read_is_judged_before_the_check_ends(officer, school):
    batch = hand_in(officer, line(1, grade="初四"), line(2, grade="初五"))
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")
    made = []

    def elsewhere():
        made.append(correct(batch, officer, 3, GRADE, "五年级", seen="初五"))
        connection.close()

    def report(stage, done):
        if not made:
            thread = Thread(target=elsewhere)
            thread.start()
            thread.join()

    services.check(county=COUNTY, batch_id=batch.pk, report=report)

    assert ImportBatch.objects.get().state == "checked"
    assert counts(batch)["rejected"] == 0
    assert RosterCorrection.objects.filter(is_judged=True).count() == 2


def test_the_trail_tells_which_cell_and_not_what_stands_in_it(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")

    entry = AuditEntry.objects.get(action="roster.correct")

    assert entry.after == {"column": "年级", "cells": 1, "sheet": "1", "row": 2}
    assert entry.actor_id == officer.pk


def test_a_second_row_of_a_known_child_is_marked_with_its_cells(officer, school):
    """The database finds it after the reading: the first row by number, the second by 学籍号."""
    student_no = f"G{number(7)}"
    child = StudentFactory(number=number(1))
    seal_identifier(child, text=student_no, kind="student_no")
    second = [*line(2, id_text=""), student_no]

    hand_in(officer, [*line(1), ""], second, head=[*HEAD, "学籍号"])

    mark = RosterMark.objects.get()
    assert (mark.row_no, mark.code, mark.field) == (3, "duplicate_in_file", "student_no")
    assert mark.cells() == second


def test_discarding_and_purging_forget_cells_and_corrections(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")

    services.discard(county=COUNTY, batch_id=batch.pk, actor=officer)

    assert not RosterMark.objects.exists()
    assert not RosterCorrection.objects.exists()


def test_what_was_submitted_is_corrected_no_more(officer, school):
    batch = hand_in(officer, line(0), line(1, grade="初四"))
    services.submit(county=COUNTY, batch_id=batch.pk, actor=officer)

    with pytest.raises(services.BatchRefused, match="不能再改正单元格"):
        correct(batch, officer, 3, GRADE, "四年级", seen="初四")


def test_without_its_file_a_roster_cannot_be_corrected(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))
    files.forget(batch.stored_as)

    with pytest.raises(services.BatchRefused, match="原文件已过保存期限"):
        correct(batch, officer, 2, GRADE, "四年级", seen="初四")


def test_a_roster_is_not_submitted_while_it_is_judged_again(officer, school):
    batch = hand_in(officer, line(0), line(1, grade="初四"))
    correct(batch, officer, 3, GRADE, "四年级", seen="初四")

    with pytest.raises(services.BatchRefused, match="请等核对结束再提交"):
        services.submit(county=COUNTY, batch_id=batch.pk, actor=officer)


def test_a_check_that_broke_down_is_taken_up_again_with_its_corrections(officer, school):
    batch = hand_in(officer, line(1, grade="初四"))
    correct(batch, officer, 2, GRADE, "四年级", seen="初四")
    first = ImportBatch.objects.get().check_job
    Job.objects.filter(pk=first.pk).update(state="cancelled", finished_at=batch.created_at)

    corrections.judge_anew(county=COUNTY, batch_id=batch.pk, actor=officer)

    assert ImportBatch.objects.get().check_job != first
    judge(batch)
    assert counts(batch)["rejected"] == 0


@pytest.mark.django_db(transaction=True)
def test_a_batch_tells_its_person_once_that_it_is_ready_and_once_that_it_is_written(
    officer, school
):
    batch = hand_in(officer, line(0), line(1, grade="初四"), line(2, sex="男性"))
    correct(batch, officer, 3, GRADE, "四年级", seen="初四")
    perform_job(services.check_job, "check_job")
    correct(batch, officer, 4, SEX, "男", seen="男性")
    perform_job(services.check_job, "check_job")

    ready = Notice.objects.get()
    assert ready.words == "“重新核对名册：名册.csv”已完成。"
    with tenancy.inside(COUNTY):
        services.submit(county=COUNTY, batch_id=batch.pk, actor=officer)
    perform_job(services.commit_job, "commit_job")

    assert Notice.objects.exclude(pk=ready.pk).get().words == "“写入名册：名册.csv”已完成。"
    assert counts(batch)["created"] == 3


def perform_job(function, which):
    """As the worker does once its bell has rung."""
    jobs.perform(Job.claim(getattr(ImportBatch.objects.get(), which).pk), function)


def test_of_many_rows_with_one_error_two_people_do_not_overrule_each_other(officer, school):
    batch = hand_in(officer, *(line(n, sex="男性") for n in range(3)))
    correct_all(batch, officer, "sex_unread", "sex", "男性", "男")

    with pytest.raises(ChangedMeanwhile) as clash:
        correct_all(batch, officer, "sex_unread", "sex", "男性", "女")

    assert clash.value.standing.text == "男"
    assert RosterCorrection.objects.count() == 1


def test_u035_the_lines_that_are_no_data_are_told_with_their_numbers(officer, school):
    empty = [""] * 7
    batch = hand_in(officer, line(0), empty, empty, ["合计", *empty[1:]], line(1), empty)

    found, untold = preview.other_lines(batch)
    totals = batches.totals(batch)

    assert [(lines.first, lines.last) for lines in found] == [(3, 4), (5, 5), (7, 7)]
    assert untold == 0
    assert totals.all_rows == totals.above + sum(totals.verdicts.values()) + totals.other_rows == 7


def test_an_unreadable_sex_or_people_is_marked_and_rejects_nothing(officer, school):
    head = [*HEAD, "民族"]
    batch = hand_in(
        officer,
        [*line(0, sex="男性"), "汉"],
        [*line(1, sex="无"), "外星族"],
        [*line(2), "—"],
        head=head,
    )

    marked = RosterMark.objects.order_by("row_no").values_list("row_no", "code", "seen")

    assert list(marked) == [(2, "sex_unread", "男性"), (3, "ethnicity_unread", "外星族")]
    assert counts(batch)["created"] == 3
