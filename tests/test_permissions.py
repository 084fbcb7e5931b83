"""Every route x method x role x place, generated from the URL resolver.

ROUTES (tests/routes.py) is the one list kept by hand: what each route asks for. A route that is
not in it, or whose view names another permission, fails. A refusal is always the request that
succeeds for an allowed caller, sent by one who is not.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.roles import PERMISSIONS, Role
from core.models import Job
from ledgers.models import LedgerVersion
from students.models import (
    ColumnProfile,
    DuplicatePair,
    ImportBatch,
    RollOver,
    TransferOffer,
)
from tests.belongings import (
    OWNED,
    legal_things,
    marked_cell,
    office_list,
    plan_of,
    planned_visits,
    responsibility,
    visit_from_a_phone,
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
from tests.routes import ALL, API, GUARDED, OPEN, ROUTES, every

PLACES = {  # what a role's grant names
    Role.TOWNSHIP_OFFICER: "township",
    Role.SCHOOL_HEAD: "school",
    Role.CLASS_TEACHER: "class_group",
    Role.PROVINCE_READER: "province",
}
# Things no lower place owns a part of.
OF_THE_COUNTY = {
    *("batch_id", "column_no", "conflict_id", "correction_id", "job_id", "list_id"),
    *("fine_rule_id", "row_no", "sheet_no"),
    *("offer_id", "pair_id", "profile_id", "rollover_id", "run_id", "user_id"),
}
# A ledger is the county's; what a lower place sees of it is a matter of its rows (tests/ledgers).
SHARED = {"kind", "period"}
# A ready layout is no county's: everybody who may import at all may have the empty form. Every
# county may have a figure of its own for the same deadline.
EVERYBODYS = {"layout", "code"}
OVER = {"county", "province"}
REFUSED = {401, 403, 404, 405}


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
            "list_id": self.objects[list_of(route)],
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


def list_of(route):
    return "sent_down_id" if route.name == "casework:cases-from-sent-down" else "list_id"


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
            "class_id": student.class_group_id,
            "school_id": student.school_id,
            "month": "2026-10",
            "code": "suspected",
            "job_id": job.pk,
            "batch_id": batch.pk,
            **marked_cell(batch),
            "layout": "roster-words",
            "profile_id": profile.pk,
            **office_list(student),
            **responsibility(student),
            "identifier_id": student.identifiers.get().pk,
            "guardian_id": kin.guardian_id,
            "tie_id": kin.pk,
            **dict.fromkeys(OWNED, 999_999_999),
            **visit_from_a_phone(case),
            **legal_things(case),
            **plan_of(case),
            **planned_visits(student),
            "outgoing_id": outgoing.pk,
            "incoming_id": incoming.pk,
            "rollover_id": roll_over.pk,
            "user_id": teacher.pk,
            "grant_id": teacher.grants.get().pk,
            "offer_id": offer.pk,
            "pair_id": pair.pk,
        },
    )


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
        if route.name in API or route.name.startswith(("api:", "casework:phone-")):
            assert answer.status_code == 401
        else:
            assert answer.headers["Location"].startswith(reverse("accounts:sign-in"))


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_a_method_nobody_wrote_is_not_allowed(world, route):
    role = next(role for role in Role if holds(route, role))
    client = signed_in(world.holder(role))
    for method in {"get", "post", "put", "patch", "delete"} - set(route.methods):
        assert send(client, route, method, world.arguments(route)).status_code == 405
