"""The fixtures of the import contract through the whole road, on a real database."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from core import crypto, tenancy
from schools.imports import import_schools
from schools.models import School
from students.models import Student, StudentIdentifier

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
EXPECTED = json.loads((WORKBOOKS / "expected.json").read_text())
COUNTY = EXPECTED["county"]
COMPARED = ("sheet", "data_rows", "created", "changed", "unchanged", "rejected")
COMPARED += ("changed_rows", "unchanged_rows")

pytestmark = pytest.mark.django_db


def import_roster(capsys, *files, options=()):
    capsys.readouterr()
    paths = [str(WORKBOOKS / file) for file in files]
    call_command("import_roster", *paths, "--json", "--school-year", "2026", *options)
    return json.loads(capsys.readouterr().out)


def wanted(entry):
    """What of an entry of expected.json a program must answer."""
    keys = {"file", "refused", "ignored_sheets", "rejected_rows", "students_after"}
    kept = {key: entry[key] for key in keys if key in entry}
    if "sheets" in entry:
        kept["sheets"] = [{key: sheet[key] for key in COMPARED} for sheet in entry["sheets"]]
    return kept


def find(identity):
    numbers = StudentIdentifier.objects.filter(valid_to=None)
    for kind in ("id_number", "student_no"):
        if kind in identity:
            return numbers.get(kind=kind, blind=crypto.blind_index(identity[kind])).student
    return Student.objects.get(
        full_name=identity["name"], birth_date=date.fromisoformat(identity["birth_date"])
    )


def stored(student):
    numbers = {n.kind: n.reveal() for n in student.identifiers.filter(valid_to=None)}
    enrolment = student.enrolments.filter(valid_to=None).first()
    held = student.categories.filter(valid_to=None).values_list("type_id", flat=True)
    return {
        "name": student.full_name,
        "id_number": numbers.get("id_number"),
        "student_no": numbers.get("student_no"),
        "birth_date": student.birth_date.isoformat() if student.birth_date else None,
        "sex": student.sex or None,
        "ethnicity": student.ethnicity_code or None,
        "school": student.school.code if student.school else None,
        "grade": str(student.grade) if student.grade else None,
        "class": student.class_group.number if student.class_group else None,
        "boarding": (enrolment.attendance_mode or None) if enrolment else None,
        "categories": sorted(held),
    }


def kept_extra(student):
    kept = list(student.extra.values())
    for sealed in student.sealed_extras.all():
        kept += sealed.reveal().values()
    return kept


def test_the_whole_contract(capsys):
    outcome = import_schools(WORKBOOKS / EXPECTED["schools"]["file"])
    assert (outcome.created, outcome.rejected) == (EXPECTED["schools"]["count"], [])
    assert School.objects.count() == EXPECTED["schools"]["count"]
    checks = {}
    for check in EXPECTED["spot_checks"]:
        checks.setdefault(check["after"], []).append(check)
    for entry in EXPECTED["files"]:
        (got,) = import_roster(capsys, entry["file"])
        assert got == wanted(entry)
        with tenancy.inside(COUNTY):
            for check in checks.get(entry["file"], []):
                student = find(check["find"])
                assert stored(student) == check["expect"], check["why"]
                for value in check.get("extra_contains", []):
                    assert any(value in text for text in kept_extra(student)), check["why"]
