"""Every route x method x role x place, generated from the URL resolver.

ROUTES is the one list kept by hand: what each route asks for. A route that is not in it, or whose
view names another permission, fails. A refusal is always the request that succeeds for an allowed
caller, sent by one who is not.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import tokens
from accounts.roles import PERMISSIONS, Role
from core import crypto
from core.access import Permission as P
from core.models import Job, Notice
from ledgers.models import LedgerVersion
from students.models import (
    BulkAct,
    ColumnProfile,
    DuplicatePair,
    FactConflict,
    ImportBatch,
    MatchRun,
    OfficeList,
    RollOver,
    RosterCorrection,
    RosterMark,
    SavedView,
    TransferOffer,
)
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    HouseholdMemberFactory,
    SchoolFactory,
    StudentGuardianFactory,
    TransferFactory,
    class_teacher,
    division,
    holder,
)

OPEN = None
ROUTES = {
    "home": P.HOME_VIEW,
    "audit-list": P.AUDIT_VIEW,
    "schema": P.LEDGER_PULL,
    "api-docs": P.LEDGER_PULL,
    "healthz": OPEN,
    "readyz": OPEN,
    "accounts:sign-in": OPEN,
    "accounts:sign-out": OPEN,
    "accounts:county-choose": OPEN,
    "accounts:password-change": P.OWN_ACCOUNT,
    "accounts:keys-switch": P.OWN_ACCOUNT,
    "accounts:notice-list": P.OWN_ACCOUNT,
    "accounts:notice-read": P.OWN_ACCOUNT,
    "accounts:notices-read": P.OWN_ACCOUNT,
    "accounts:token-list": P.TOKEN_MANAGE,
    "accounts:token-new": P.TOKEN_MANAGE,
    "accounts:token-revoke": P.TOKEN_MANAGE,
    "accounts:user-list": P.USER_MANAGE,
    "accounts:user-new": P.USER_MANAGE,
    "accounts:user-detail": P.USER_MANAGE,
    "accounts:user-reset": P.USER_MANAGE,
    "accounts:user-disable": P.USER_MANAGE,
    "accounts:user-enable": P.USER_MANAGE,
    "accounts:grant-new": P.USER_MANAGE,
    "accounts:grant-end": P.USER_MANAGE,
    "core:job-list": P.JOB_VIEW,
    "core:job-detail": P.JOB_VIEW,
    "core:job-cancel": P.JOB_VIEW,
    "students:student-list": P.STUDENT_VIEW,
    "students:student-search": P.STUDENT_VIEW,
    "students:list-columns": P.STUDENT_VIEW,
    "students:list-widths": P.STUDENT_VIEW,
    "students:student-peek": P.STUDENT_VIEW,
    "students:view-save": P.STUDENT_VIEW,
    "students:view-edit": P.STUDENT_VIEW,
    "students:view-change": P.STUDENT_VIEW,
    "students:view-remove": P.STUDENT_VIEW,
    "students:view-restore": P.STUDENT_VIEW,
    "students:bulk-undo": P.STUDENT_EDIT,
    "students:download-new": P.STUDENT_VIEW,
    "students:download-detail": P.STUDENT_VIEW,
    "students:download-file": P.STUDENT_VIEW,
    "students:bulk-new": P.STUDENT_EDIT,
    "students:bulk-detail": P.STUDENT_EDIT,
    "students:bulk-commit": P.STUDENT_EDIT,
    "casework:cases-from-list": P.CASE_OPEN,
    "casework:list-openings": P.CASE_OPEN,
    "casework:list-openings-commit": P.CASE_OPEN,
    "students:student-detail": P.STUDENT_VIEW,
    "students:student-edit": P.STUDENT_EDIT,
    "students:student-new": P.STUDENT_EDIT,
    "students:number-new": P.STUDENT_EDIT,
    "students:guardian-new": P.STUDENT_EDIT,
    "students:guardian-edit": P.STUDENT_EDIT,
    "students:guardian-end": P.STUDENT_EDIT,
    "students:household-join": P.STUDENT_EDIT,
    "students:household-leave": P.STUDENT_EDIT,
    "students:number-reveal": P.IDENTITY_REVEAL,
    "students:phone-reveal": P.IDENTITY_REVEAL,
    "students:list-list": P.ROSTER_IMPORT,
    "students:list-new": P.ROSTER_IMPORT,
    "students:list-detail": P.ROSTER_IMPORT,
    "students:list-confirm": P.ROSTER_IMPORT,
    "students:list-apply": P.ROSTER_IMPORT,
    "students:list-discard": P.ROSTER_IMPORT,
    "students:conflict-list": P.ROSTER_IMPORT,
    "students:conflict-decide": P.ROSTER_IMPORT,
    "students:comparison-list": P.ROSTER_IMPORT,
    "students:comparison-new": P.ROSTER_IMPORT,
    "students:comparison-detail": P.ROSTER_IMPORT,
    "students:comparison-decide": P.ROSTER_IMPORT,
    "students:comparison-students": P.ROSTER_IMPORT,
    "casework:cases-from-comparison": P.CASE_OPEN,
    "students:import-list": P.ROSTER_IMPORT,
    "students:import-new": P.ROSTER_IMPORT,
    "students:import-detail": P.ROSTER_IMPORT,
    "students:import-columns": P.ROSTER_IMPORT,
    "students:import-template": P.ROSTER_IMPORT,
    "students:profile-list": P.ROSTER_IMPORT,
    "students:profile-forget": P.ROSTER_IMPORT,
    "students:import-row": P.ROSTER_IMPORT,
    "students:import-reveal": P.IDENTITY_REVEAL,
    "students:import-correct-all": P.ROSTER_IMPORT,
    "students:import-uncorrect": P.ROSTER_IMPORT,
    "students:import-recheck": P.ROSTER_IMPORT,
    "students:import-commit": P.ROSTER_IMPORT,
    "students:import-discard": P.ROSTER_IMPORT,
    "students:import-rejected": P.ROSTER_IMPORT,
    "students:import-book": P.ROSTER_IMPORT,
    "students:import-book-file": P.ROSTER_IMPORT,
    "students:import-undo": P.ROSTER_IMPORT,
    "ledgers:ledger-list": P.LEDGER_VIEW,
    "ledgers:ledger-build": P.LEDGER_BUILD,
    "ledgers:ledger-detail": P.LEDGER_VIEW,
    "ledgers:ledger-changes": P.LEDGER_VIEW,
    "ledgers:ledger-export": P.LEDGER_EXPORT,
    "ledgers:ledger-export-full": P.IDENTITY_REVEAL,
    "api:ledger-directory": P.LEDGER_PULL,
    "api:ledger-rows": P.LEDGER_PULL,
    "students:duplicate-list": P.STUDENT_EDIT,
    "students:duplicate-find": P.STUDENT_EDIT,
    "students:duplicate-detail": P.STUDENT_EDIT,
    "students:duplicate-merge": P.STUDENT_EDIT,
    "students:duplicate-reject": P.STUDENT_EDIT,
    "students:duplicate-undo": P.STUDENT_EDIT,
    "students:rollover-list": P.STUDENT_ROLL_OVER,
    "students:rollover-new": P.STUDENT_ROLL_OVER,
    "students:rollover-detail": P.STUDENT_ROLL_OVER,
    "students:rollover-commit": P.STUDENT_ROLL_OVER,
    "students:rollover-undo": P.STUDENT_ROLL_OVER,
    "students:rollover-promise": P.STUDENT_ROLL_OVER,
    "students:transfer-list": P.STUDENT_VIEW,
    "students:transfer-new": P.STUDENT_EDIT,
    "students:transfer-detail": P.STUDENT_VIEW,
    "students:transfer-accept": P.STUDENT_EDIT,
    "students:transfer-refuse": P.STUDENT_EDIT,
    "students:transfer-withdraw": P.STUDENT_EDIT,
    "students:offer-list": P.STUDENT_VIEW,
    "students:offer-detail": P.STUDENT_VIEW,
    "students:offer-accept": P.STUDENT_EDIT,
    "students:offer-refuse": P.STUDENT_EDIT,
    "casework:cases-from-transfers": P.CASE_OPEN,
    "casework:cases-from-leavers": P.CASE_OPEN,
    "casework:case-list": P.CASE_VIEW,
    "casework:student-cases": P.CASE_VIEW,
    "casework:case-open": P.CASE_OPEN,
    "casework:case-detail": P.CASE_VIEW,
    "casework:visit-new": P.VISIT_LOG,
    "casework:case-verify": P.CASE_MANAGE,
    "casework:case-persuade": P.CASE_MANAGE,
    "casework:case-escalate": P.CASE_MANAGE,
    "casework:case-return": P.CASE_MANAGE,
    "casework:case-observe": P.CASE_MANAGE,
    "casework:case-relapse": P.CASE_MANAGE,
    "casework:case-close": P.CASE_CLOSE,
    "casework:case-lapse": P.CASE_CLOSE,
}
PLACES = {  # what a role's grant names
    Role.TOWNSHIP_OFFICER: "township",
    Role.SCHOOL_HEAD: "school",
    Role.CLASS_TEACHER: "class_group",
    Role.PROVINCE_READER: "province",
}
# Things no lower place owns a part of.
OF_THE_COUNTY = {
    *("batch_id", "column_no", "conflict_id", "correction_id", "job_id", "list_id"),
    *("row_no", "sheet_no"),
    *("offer_id", "pair_id", "profile_id", "rollover_id", "run_id", "user_id"),
}
# A ledger is the county's; what a lower place sees of it is a matter of its rows (tests/ledgers).
SHARED = {"kind", "period"}
# A ready layout is no county's: everybody who may import at all may have the empty form.
EVERYBODYS = {"layout"}
OVER = {"county", "province"}
API = {"schema", "api-docs"}
REFUSED = {401, 403, 404, 405}


@dataclass(frozen=True)
class Route:
    name: str
    view: type
    arguments: tuple[str, ...]

    @property
    def methods(self):
        handled = [m for m in self.view.http_method_names if hasattr(self.view, m)]
        return [m for m in handled if m not in ("options", "head")]

    def __str__(self):
        return self.name


def routes(patterns=None, namespace=""):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", None) or getattr(
                pattern.callback, "cls", None
            )
            yield Route(f"{namespace}{pattern.name}", view, tuple(pattern.pattern.regex.groupindex))


ALL = sorted(routes(), key=str)
GUARDED = [r for r in ALL if ROUTES.get(r.name, OPEN) is not OPEN]


def test_every_route_stands_in_the_table_with_the_permission_its_view_names():
    named = {route.name: getattr(route.view, "permission", "no permission named") for route in ALL}

    assert named == ROUTES


def test_every_permission_opens_some_door_and_is_held_by_some_role():
    held = frozenset().union(*PERMISSIONS.values())

    assert set(ROUTES.values()) - {OPEN} <= held
    assert set(PERMISSIONS) == set(Role)


@dataclass
class World:
    """One child with all that hangs on it, and a second place of each kind with nothing."""

    student: object
    objects: dict

    def holder(self, role, *, elsewhere=False):
        return holder(role, **(self.other_place(role) if elsewhere else self.own_place(role)))

    def own_place(self, role):
        kind = PLACES.get(role, "county")
        return {
            "province": {"division": division("62")},
            "county": {"division": division("620602")},
            "township": {"division": division(self.student.township)},
            "school": {"school": self.student.school},
            "class_group": {"class_group": self.student.class_group},
        }[kind]

    def other_place(self, role):
        kind = PLACES.get(role, "county")
        if kind in ("province", "county"):
            return {"division": division("50" if kind == "province" else "620621")}
        if kind == "township":
            return {"division": division("620602104")}
        school = SchoolFactory(township=division("620602104"))
        if kind == "school":
            return {"school": school}
        return {"class_group": ClassGroupFactory(school=school)}

    def arguments(self, route):
        # The same word names an identifier of the child here and a guardian's phone there.
        own = {
            **self.objects,
            "secret_id": self.objects[secret_of(route)],
            "transfer_id": self.objects[transfer_of(route)],
        }
        return {name: own[name] for name in route.arguments}

    def unknown(self, route):
        return {name: absent(value) for name, value in self.arguments(route).items()}


def secret_of(route):
    return "guardian_id" if route.name == "students:phone-reveal" else "identifier_id"


def transfer_of(route):
    """The receiving school answers what the sending school asked."""
    receipts = ("students:transfer-accept", "students:transfer-refuse")
    return "incoming_id" if route.name in receipts else "outgoing_id"


def absent(value):
    return 999_999_999 if isinstance(value, int) else "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def world(db):
    case = DropoutCaseFactory()
    student = case.student
    kin = StudentGuardianFactory(student=student)
    HouseholdMemberFactory(student=student)
    teacher = class_teacher(student.class_group)
    job = Job.objects.create(county="620602", task="core.test", title="任务")
    batch = ImportBatch.objects.create(
        county="620602", school_year=2026, file_name="名册.xlsx", sha256="0" * 64, stored_as="x"
    )
    profile = ColumnProfile.objects.create(county="620602", office="中心学区", label="真名")
    LedgerVersion.objects.create(
        county="620602",
        kind="dropout",
        unit="620602",
        number=1,
        period="2026-11",
        as_of=date(2026, 11, 30),
        rows=0,
        born_rows=0,
        died_rows=0,
        rule="规则",
        digest="0" * 64,
    )
    outgoing = TransferFactory(student=student)
    incoming = TransferFactory(to_school=student.school)
    offer = TransferOffer.objects.create(
        county="620602",
        from_division=division("620621"),
        from_school=SchoolFactory(),
        full_name="高磊",
        school_name="黄羊镇中心小学",
        reason="随父母搬迁",
        sent_on=date(2026, 9, 2),
        due_on=date(2026, 9, 16),
    )
    roll_over = RollOver.objects.create(
        county="620602",
        from_year=2026,
        last_day=date(2027, 8, 31),
        first_day=date(2027, 9, 1),
        state=RollOver.State.CHECKED,
    )
    pair = DuplicatePair.objects.create(
        county="620602", first=student, second=incoming.student, score=60, facts="0" * 32
    )
    return World(
        student,
        {
            "kind": "dropout",
            "period": "2026-11",
            "student_id": student.pk,
            "case_id": case.pk,
            "job_id": job.pk,
            "batch_id": batch.pk,
            **marked_cell(batch),
            "layout": "roster-words",
            "profile_id": profile.pk,
            **office_list(student),
            "identifier_id": student.identifiers.get().pk,
            "guardian_id": kin.guardian_id,
            "tie_id": kin.pk,
            **dict.fromkeys(OWNED, 999_999_999),
            "outgoing_id": outgoing.pk,
            "incoming_id": incoming.pk,
            "rollover_id": roll_over.pk,
            "user_id": teacher.pk,
            "grant_id": teacher.grants.get().pk,
            "offer_id": offer.pk,
            "pair_id": pair.pk,
        },
    )


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
    return {"list_id": own.pk, "run_id": run.pk, "conflict_id": conflict.pk}


@contextmanager
def undone():
    """What a request did is taken back, so that every role meets the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def signed_in(user):
    client = Client(raise_request_exception=True)
    client.force_login(user)
    if user.grants.get().role == Role.PROVINCE_READER:
        session = client.session
        session["county"] = "620602"  # a reader over many counties looks at one at a time
        session.save()
    return client


def send(client, route, method, arguments):
    return getattr(client, method)(reverse(route.name, kwargs=arguments))


def holds(route, role):
    return ROUTES[route.name] in PERMISSIONS[role]


def reaches(route, role):
    """A place below the county owns no part of what belongs to the county."""
    return not (OF_THE_COUNTY & set(route.arguments)) or PLACES.get(role, "county") == "county"


def every(routes):
    """Routes with their methods; ids a person can read in a failing run."""
    return [pytest.param(r, m, id=f"{r}-{m}") for r in routes for m in r.methods]


@pytest.mark.parametrize("route, method", every(GUARDED))
def test_an_allowed_role_at_its_place_gets_in(world, route, method):
    met = {}
    for role in (role for role in Role if holds(route, role)):
        with undone():
            user = world.holder(role)
            arguments = world.arguments(route) | own_things(route, user)
            met[role] = send(signed_in(user), route, method, arguments).status_code
    assert met
    for role, status in met.items():
        assert (status not in REFUSED and status < 500) == reaches(route, role), (role, status)


def own_things(route, user):
    """What is its owner's alone, whatever the place."""
    return {name: make(user) for name, make in OWNED.items() if name in route.arguments}


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


OWNED = {
    "notice_id": own_notice,
    "token_id": own_token,
    "view_id": own_view,
    "download_id": own_download,
    "act_id": partial(own_act, kind=BulkAct.Kind.ADD_CATEGORY),
    "opening_id": partial(own_act, kind=BulkAct.Kind.OPEN_CASES),
}


PLACED = [r for r in GUARDED if set(r.arguments) - EVERYBODYS]


@pytest.mark.parametrize("route, method", every(PLACED))
def test_at_another_place_a_thing_is_as_if_it_did_not_exist(world, route, method):
    if OWNED.keys() & set(route.arguments):
        stranger = world.holder(Role.COUNTY_OFFICER)
        world.objects |= own_things(route, stranger)
    for role in (role for role in Role if holds(route, role)):
        if SHARED & set(route.arguments) and PLACES.get(role, "county") not in OVER:
            continue
        with undone():
            client = signed_in(world.holder(role, elsewhere=True))
            foreign = send(client, route, method, world.arguments(route))
            missing = send(client, route, method, world.unknown(route))

        assert foreign.status_code == missing.status_code, (role, foreign, missing)
        assert foreign.status_code in ({403} if no_county(role) else {404}), (role, foreign)
        assert foreign.content == missing.content


def no_county(role):
    """Over another province, the county looked at lies in no grant: nothing is permitted."""
    return role == Role.PROVINCE_READER


@pytest.mark.parametrize("route, method", every(GUARDED))
def test_a_role_without_the_permission_is_refused(world, route, method):
    refused = [role for role in Role if not holds(route, role)]
    for role in refused:
        with undone():
            answer = send(signed_in(world.holder(role)), route, method, world.arguments(route))
        assert answer.status_code == 403, role


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_nobody_gets_in_without_signing_in(world, client, route):
    for method in route.methods:
        answer = send(client, route, method, world.arguments(route))
        if route.name in API or route.name.startswith("api:"):
            assert answer.status_code == 401
        else:
            assert answer.headers["Location"].startswith(reverse("accounts:sign-in"))


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_a_method_nobody_wrote_is_not_allowed(world, route):
    role = next(role for role in Role if holds(route, role))
    client = signed_in(world.holder(role))
    for method in {"get", "post", "put", "patch", "delete"} - set(route.methods):
        assert send(client, route, method, world.arguments(route)).status_code == 405
