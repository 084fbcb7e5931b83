import json
from datetime import date, timedelta

import orjson
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import tokens
from accounts.scope import scope_for
from casework.models import DropoutCase
from core.access import Permission
from core.models import AuditEntry
from ledgers.kinds import KINDS
from ledgers.models import LedgerVersion
from ledgers.pull import CursorUnknown, Place, Pull
from students.models import Student
from tests.factories import (
    COUNTY,
    StudentFactory,
    county_officer,
    division,
    holder,
    id_number,
    rest_client,
)
from tests.ledgers.books import build_ledger, dropout, rows_of
from tests.ledgers.test_build import edit

pytestmark = pytest.mark.django_db
ROWS = "/api/v1/ledgers/dropout/periods/2026-11/rows"
PULLING = {Permission.LEDGER_PULL}


class Program:
    """Calls the interface as another system would."""

    def __init__(self, client, owner, permissions=PULLING):
        self._client = client
        _, text = tokens.issue(
            owner=owner,
            county=COUNTY,
            name="省平台对接",
            permissions=set(permissions),
            now=timezone.now(),
            lifetime=timedelta(days=1),
        )
        self._headers = {"Authorization": f"Bearer {text}"}

    def get(self, path=ROWS, headers=(), **query):
        return self._client.get(path, query, headers=self._headers | dict(headers))

    def pages(self, **query):
        """Every page until there is none."""
        page = self.get(**query).json()
        while True:
            yield page
            if page["next_cursor"] is None:
                return
            page = self.get(cursor=page["next_cursor"], limit=query.get("limit", 1000)).json()


@pytest.fixture
def program(client):
    return Program(client, rest_client())


def kept_by(copy, pages):
    """What a program holds after it has written the rows and dropped the tombstones."""
    for page in pages:
        copy |= {row["id"]: row["cells"] for row in page["rows"]}
        for gone in page["tombstones"]:
            copy.pop(gone)
    return copy


def cells_of(version):
    return {subject: list(cells.values()) for subject, cells in rows_of(version).items()}


def test_the_first_pull_gives_every_row(program):
    student = StudentFactory(full_name="张明")
    case = dropout(student)
    version = build_ledger("dropout").version

    page = program.get().json()

    assert (
        page
        | {
            "kind": "dropout",
            "period": "2026-11",
            "unit": COUNTY,
            "version": 1,
            "since_version": 0,
            "as_of": "2026-11-30",
            "tombstones": [],
            "next_cursor": None,
        }
        == page
    )
    (row,) = page["rows"]
    assert row == {
        "id": case.pk,
        "student_id": student.pk,
        "version": version.number,
        "township": "620602100",
        "school": student.school.code,
        "status": "open",
        "cells": cells_of(version)[case.pk],
    }


def test_a_later_pull_gives_what_changed_and_what_is_gone(program):
    stays, alters, goes = [dropout(StudentFactory()) for _ in range(3)]
    build_ledger("dropout")
    DropoutCase.objects.filter(pk=alters.pk).update(whereabouts="外")
    gone = goes.pk
    goes.delete()
    comes = dropout(StudentFactory())
    build_ledger("dropout")

    page = program.get(since_version=1).json()

    assert (page["version"], page["since_version"]) == (2, 1)
    assert {row["id"] for row in page["rows"]} == {alters.pk, comes.pk}
    assert page["tombstones"] == [gone]
    assert stays.pk not in {row["id"] for row in page["rows"]}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    edits=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["家", "外", "无"])), max_size=4),
        min_size=2,
        max_size=5,
    ),
    limit=st.integers(1, 3),
)
def test_from_any_version_a_copy_comes_to_the_newest(edits, limit):
    with transaction.atomic():
        students = [StudentFactory(number="") for _ in range(4)]
        copies = {0: {}}
        for batch in edits:
            edit(students, batch)
            version = build_ledger("dropout").version
            copies[version.number] = cells_of(version)
        scope = scope_for(county_officer(), on=date(2026, 11, 30))

        for since, copy in copies.items():
            pull = Pull(version, KINDS["dropout"], since, scope, revealing=False)
            assert kept_by(dict(copy), pages_of(pull, limit)) == cells_of(version)
        transaction.set_rollback(True)


def pages_of(pull, limit):
    place = Place(pull.version.number, pull.since)
    while place:
        page = pull.page(place, limit=limit)
        assert len(page.rows) + len(page.tombstones) <= limit
        place = page.next
        yield {
            "rows": [orjson.loads(orjson.dumps(row)) for row in page.rows],
            "tombstones": page.tombstones,
        }


def test_pages_follow_one_another_by_cursor(program):
    cases = {dropout(StudentFactory()).pk for _ in range(5)}
    build_ledger("dropout")

    pages = list(program.pages(limit=2))

    assert [len(page["rows"]) for page in pages] == [2, 2, 1]
    assert {row["id"] for page in pages for row in page["rows"]} == cases


def test_a_version_built_between_two_pages_does_not_mix_in(program):
    for _ in range(3):
        dropout(StudentFactory())
    first = cells_of(build_ledger("dropout").version)
    pages = program.pages(limit=2)
    seen = [next(pages)]
    DropoutCase.objects.update(whereabouts="外")
    dropout(StudentFactory())
    second = cells_of(build_ledger("dropout").version)

    seen += pages

    assert kept_by({}, seen) == first
    assert kept_by(dict(first), program.pages(since_version=1)) == second


def test_a_stream_gives_everything_and_says_when_it_is_complete(program):
    alters, goes = dropout(StudentFactory()), dropout(StudentFactory())
    build_ledger("dropout")
    DropoutCase.objects.filter(pk=alters.pk).update(whereabouts="外")
    gone = goes.pk
    goes.delete()
    build_ledger("dropout")

    answer = program.get(headers={"Accept": "application/x-ndjson"}, since_version=1)

    head, row, tombstone, end = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert answer["Content-Type"].startswith("application/x-ndjson")
    assert (head["version"], head["since_version"]) == (2, 1)
    assert row["id"] == alters.pk
    assert tombstone == {"id": gone, "gone": True}
    assert end == {"end": True, "rows": 1, "tombstones": 1}


class TestScope:
    @pytest.fixture
    def of_a_township(self, client):
        # A program of one township: the owner's role is the program's, at a lower place.
        return Program(client, holder("rest_client", division=division("620602100")))

    def test_a_program_gets_the_rows_of_its_place(self, of_a_township):
        here = dropout(StudentFactory())
        dropout(StudentFactory(class_group__school__township=division("620602101")))
        build_ledger("dropout")

        assert [row["id"] for row in of_a_township.get().json()["rows"]] == [here.pk]

    def test_who_leaves_the_place_is_a_tombstone_there_and_a_row_elsewhere(
        self, client, of_a_township
    ):
        case = dropout(StudentFactory(class_group=None, township="620602100"))
        build_ledger("dropout")
        Student.objects.filter(pk=case.student_id).update(township="620602101")
        build_ledger("dropout")

        page = of_a_township.get(since_version=1).json()
        assert (page["rows"], page["tombstones"]) == ([], [case.pk])
        elsewhere = Program(client, holder("rest_client", division=division("620602101")))
        page = elsewhere.get(since_version=1).json()
        assert ([row["id"] for row in page["rows"]], page["tombstones"]) == ([case.pk], [])

    def test_of_another_county_there_is_nothing(self, client):
        build_ledger("dropout")
        owner = rest_client("620621")
        _, text = tokens.issue(
            owner=owner, county="620621", name="外县", permissions=PULLING, now=timezone.now()
        )

        answer = client.get(ROWS, headers={"Authorization": f"Bearer {text}"})

        assert answer.status_code == 404

    def test_a_token_given_less_than_its_owner_may(self, client):
        build_ledger("dropout")

        assert Program(client, county_officer(), {Permission.CASE_VIEW}).get().status_code == 403


class TestNumbers:
    def test_are_masked_for_a_token_without_the_permission(self, client):
        number = id_number(born=date(2017, 3, 4))
        dropout(StudentFactory(birth_date=date(2017, 3, 4), number=number))
        build_ledger("dropout")

        answer = Program(client, county_officer()).get()

        assert number not in answer.content.decode()
        assert number[-4:] in answer.content.decode()
        assert not AuditEntry.objects.filter(action="ledger.pull").exists()

    @pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
    def test_are_full_for_a_token_with_it_and_the_audit_knows(self, client, accept):
        number = id_number(born=date(2017, 3, 4))
        dropout(StudentFactory(birth_date=date(2017, 3, 4), number=number))
        build_ledger("dropout")
        program = Program(client, county_officer(), PULLING | {Permission.IDENTITY_REVEAL})

        answer = program.get(headers={"Accept": accept})

        assert number in answer.getvalue().decode()
        entry = AuditEntry.objects.get(action="ledger.pull")
        assert (entry.after["rows"], entry.purpose) == (1, "省平台对接")

    def test_are_masked_for_a_person_at_a_browser(self, client):
        number = id_number(born=date(2017, 3, 4))
        dropout(StudentFactory(birth_date=date(2017, 3, 4), number=number))
        build_ledger("dropout")
        client.force_login(county_officer())

        assert number not in client.get(ROWS).content.decode()


class TestCaching:
    def test_an_unchanged_ledger_is_not_sent_again(self, program):
        dropout(StudentFactory())
        build_ledger("dropout")
        tag = program.get()["ETag"]

        answer = program.get(headers={"If-None-Match": tag})

        assert (answer.status_code, answer.content) == (304, b"")
        dropout(StudentFactory())
        build_ledger("dropout")
        assert program.get(headers={"If-None-Match": tag}).status_code == 200

    def test_the_tag_of_one_caller_does_not_answer_another(self, client, program):
        build_ledger("dropout")
        other = Program(client, rest_client())

        assert program.get()["ETag"] != other.get()["ETag"]
        assert "Authorization" in program.get()["Vary"]


class TestErrors:
    @pytest.mark.parametrize(
        "path, query, status, told",
        [
            ("dropout/periods/2026-11", {"limit": "0"}, 400, "limit 应为 1 至 5000"),
            ("dropout/periods/2026-11", {"limit": "5001"}, 400, "limit 应为 1 至 5000"),
            ("dropout/periods/2026-11", {"since_version": "-1"}, 400, "since_version 应为"),
            ("dropout/periods/2026-11", {"since_version": "二"}, 400, "since_version 应为"),
            ("dropout/periods/2026-11", {"cursor": "abc"}, 400, "不是本接口给出的游标"),
            ("dropout/periods/2026-11", {"since_version": "9"}, 409, "最新为第 1 版"),
            ("dropout/periods/2026-1", {}, 400, "请写成年-月"),
            ("dropout/periods/2026-10", {}, 404, "没有这份台账"),
            ("nothing/periods/2026-11", {}, 404, "没有这份台账"),
            ("dropout/periods/2026-11", {"unit": "620602999"}, 404, "没有这份台账"),
        ],
    )
    def test_tell_what_is_wrong_and_what_to_do(self, program, path, query, status, told):
        build_ledger("dropout")

        answer = program.get(f"/api/v1/ledgers/{path}/rows", **query)

        assert answer.status_code == status
        assert answer["Content-Type"].startswith("application/problem+json")
        assert told in answer.json()["detail"]

    def test_a_cursor_of_a_version_that_is_no_more_asked_for_is_refused(self, program):
        build_ledger("dropout")
        other = Place(7, 0).text()

        assert program.get(cursor=other).status_code == 404

    @given(st.text(max_size=40))
    def test_no_text_breaks_the_reading_of_a_cursor(self, text):
        try:
            place = Place.read(text)
        except CursorUnknown:
            return
        assert Place.read(place.text()) == place


def test_the_directory_names_kinds_columns_and_newest_versions(program):
    build_ledger("dropout", "2026-10")
    dropout(StudentFactory())
    build_ledger("dropout", "2026-11")

    told = program.get("/api/v1/ledgers").json()

    by_kind = {kind["kind"]: kind for kind in told["kinds"]}
    assert set(by_kind) == set(KINDS)
    assert [p["period"] for p in by_kind["dropout"]["periods"]] == ["2026-11", "2026-10"]
    newest = LedgerVersion.objects.get(period="2026-11")
    assert by_kind["dropout"]["periods"][0]["digest"] == newest.digest
    column = by_kind["dropout"]["columns"][3]
    assert (column["group"], column["title"], column["is_secret"]) == ("基本", "身份证号", True)
