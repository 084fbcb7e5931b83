"""Synthetic people and places for tests.

ID numbers carry the county code 629900, which does not exist, and a right check character. Every
row is written behind the tenant wall of its county, so the factories work as the web role too.
"""

import uuid
from datetime import date, timedelta
from functools import partial

import factory
from factory.django import DjangoModelFactory

from accounts.models import Grant, User
from accounts.roles import Role
from casework.models import CaseSignature, DropoutCase, HomeVisit
from casework.queries.standing import digest_of
from casework.states import SIGNED_STATES, CaseState
from core import crypto, idnumber, names, tenancy
from schools.models import ClassGroup, Division, School, Stage
from students.models import (
    Enrolment,
    Guardian,
    Household,
    HouseholdMember,
    Student,
    StudentGuardian,
    StudentIdentifier,
    Transfer,
)

COUNTY = "620602"
TOWNSHIP = "620602100"
YEAR = 2026  # the school year 2026—2027学年
FIRST_DAY = date(YEAR, 9, 1)

_NAMES = {
    "62": "甘肃省",
    "6206": "武威市",
    "620602": "凉州区",
    "620602100": "黄羊镇",
    "620602101": "武南镇",
    "620602104": "双城镇",
}
_LEVELS = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}
_PARENT = {4: 2, 6: 4, 9: 6, 12: 9}
_FAMILY = "张王李赵刘陈杨黄周吴徐孙马朱胡林郭何高罗"
_GIVEN = "明芳伟娜敏静强磊洋艳勇军杰娟涛超霞平刚桂"


def division(code=COUNTY):
    """The division and all above it, made where they are missing."""
    found = Division.objects.filter(pk=code).first()
    if found:
        return found
    above = division(code[: _PARENT[len(code)]]) if len(code) in _PARENT else None
    name = _NAMES.get(code, f"{code}地")
    return Division.objects.create(code=code, name=name, level=_LEVELS[len(code)], parent=above)


def id_number(*, born, number=0, sex="男"):
    """A valid number; children of one birthday differ by `number` (0-499)."""
    sequence = 2 * number + (1 if sex == "男" else 2)
    body = f"629900{born:%Y%m%d}{sequence % 1000:03d}"
    return body + idnumber.check_character(body)


def seal_identifier(student, *, text, kind=StudentIdentifier.Kind.ID_NUMBER, **fields):
    """A number of the student, as a service would store it."""
    pk = uuid.uuid4()
    with tenancy.inside(student.county):
        return StudentIdentifier.objects.create(
            id=pk,
            county=student.county,
            student=student,
            kind=kind,
            sealed=crypto.seal(text, field=StudentIdentifier.FIELD, row=pk),
            blind=crypto.blind_index(text),
            mask=idnumber.mask(text),
            **{"valid_from": FIRST_DAY, **fields},
        )


class Behind(DjangoModelFactory):
    """Writes behind the wall of the row's county."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with tenancy.inside(kwargs.get("county", COUNTY)):
            return super()._create(model_class, *args, **kwargs)


class SchoolFactory(Behind):
    class Meta:
        model = School

    county = factory.LazyAttribute(lambda o: o.township.code[:6])
    code = factory.Sequence(lambda n: f"2162{n % 1_000_000:06d}")
    name = factory.Sequence(lambda n: f"黄羊镇云杉第{n + 1}小学")
    kind = "小学"
    stages = factory.LazyFunction(lambda: [Stage.PRIMARY])
    township = factory.LazyFunction(partial(division, TOWNSHIP))


class ClassGroupFactory(Behind):
    """Of grade four in the school year `YEAR` unless the entry year says another."""

    class Meta:
        model = ClassGroup

    school = factory.SubFactory(SchoolFactory)
    county = factory.SelfAttribute("school.county")
    stage = factory.LazyAttribute(lambda o: o.school.stages[0])
    entry_year = YEAR - 3
    number = factory.Sequence(lambda n: str(n + 1))


def grade_of(class_group, *, year=YEAR):
    """11-16 小学, 21-24 初中."""
    if class_group.entry_year is None:
        return None
    first = {Stage.PRIMARY: 11, Stage.JUNIOR: 21}.get(class_group.stage, 11)
    return first + year - class_group.entry_year


class UserFactory(DjangoModelFactory):
    """Signs in by `client.force_login`; give `password` to sign in through the page."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    full_name = factory.Sequence(lambda n: f"{_FAMILY[n % 20]}{_GIVEN[n // 20 % 20]}")

    @factory.post_generation
    def password(self, create, text, **_):
        if text:
            self.set_password(text)
        else:
            self.set_unusable_password()
        if create:
            self.save(update_fields=["password"])


class GrantFactory(DjangoModelFactory):
    class Meta:
        model = Grant

    user = factory.SubFactory(UserFactory)
    role = Role.COUNTY_OFFICER
    valid_from = date(2020, 1, 1)


def holder(role, *, division=None, school=None, class_group=None, **user_fields):
    """A user with one grant of this role at this one place."""
    user = UserFactory(**user_fields)
    GrantFactory(user=user, role=role, division=division, school=school, class_group=class_group)
    return user


def county_officer(county=COUNTY, **user_fields):
    return holder(Role.COUNTY_OFFICER, division=division(county), **user_fields)


def subsidy_officer(county=COUNTY, **user_fields):
    return holder(Role.SUBSIDY_OFFICER, division=division(county), **user_fields)


def township_officer(township=TOWNSHIP, **user_fields):
    return holder(Role.TOWNSHIP_OFFICER, division=division(township), **user_fields)


def school_head(school, **user_fields):
    return holder(Role.SCHOOL_HEAD, school=school, **user_fields)


def class_teacher(class_group, **user_fields):
    return holder(Role.CLASS_TEACHER, class_group=class_group, **user_fields)


def auditor(county=COUNTY, **user_fields):
    return holder(Role.AUDITOR, division=division(county), **user_fields)


def province_reader(province="62", **user_fields):
    return holder(Role.PROVINCE_READER, division=division(province), **user_fields)


def system_admin(county=COUNTY, **user_fields):
    return holder(Role.SYSTEM_ADMIN, division=division(county), **user_fields)


def security_admin(county=COUNTY, **user_fields):
    return holder(Role.SECURITY_ADMIN, division=division(county), **user_fields)


def audit_admin(county=COUNTY, **user_fields):
    return holder(Role.AUDIT_ADMIN, division=division(county), **user_fields)


def rest_client(county=COUNTY, **user_fields):
    return holder(Role.REST_CLIENT, division=division(county), **user_fields)


class StudentFactory(Behind):
    """Enrolled in `class_group` since the year began, with an ID number.

    `class_group=None` makes a child without a school; `number=""` one without a number, and
    `number="629…"` gives that one.
    """

    class Meta:
        model = Student
        skip_postgeneration_save = True

    class Params:
        n = factory.Sequence(int)

    class_group = factory.SubFactory(ClassGroupFactory)
    school = factory.LazyAttribute(lambda o: o.class_group.school if o.class_group else None)
    county = factory.LazyAttribute(lambda o: o.school.county if o.school else COUNTY)
    township = factory.LazyAttribute(
        lambda o: o.school.township_id if o.school and o.school.township_id else TOWNSHIP
    )
    grade = factory.LazyAttribute(lambda o: grade_of(o.class_group) if o.class_group else None)
    full_name = factory.LazyAttribute(
        lambda o: _FAMILY[o.n % 20] + _GIVEN[o.n // 20 % 20] + _GIVEN[o.n // 400 % 20]
    )
    name_key = factory.LazyAttribute(lambda o: names.search_keys(o.full_name).pinyin)
    name_tokens = factory.LazyAttribute(lambda o: names.tokens(o.full_name))
    sex = factory.LazyAttribute(lambda o: "男" if o.n % 2 else "女")
    birth_date = factory.LazyAttribute(lambda o: date(2016, 9, 1) + timedelta(days=o.n % 365))
    ethnicity_code = "01"
    id_type = "1"

    @factory.post_generation
    def number(self, create, text, **_):
        if create and text != "":
            # 500 numbers to a birthday are far more than one test makes.
            taken = StudentIdentifier.objects.filter(student__birth_date=self.birth_date).count()
            made = id_number(born=self.birth_date, number=taken, sex=self.sex)
            seal_identifier(self, text=text or made)

    @factory.post_generation
    def enrolment(self, create, fields, **more):
        if create and self.school_id:
            EnrolmentFactory(student=self, **{**(fields or {}), **more})


class EnrolmentFactory(Behind):
    """The open enrolment that the student's own columns repeat."""

    class Meta:
        model = Enrolment

    student = factory.SubFactory(StudentFactory)
    county = factory.SelfAttribute("student.county")
    school = factory.SelfAttribute("student.school")
    class_group = factory.SelfAttribute("student.class_group")
    grade = factory.SelfAttribute("student.grade")
    attendance_mode = Enrolment.Mode.DAY
    valid_from = FIRST_DAY


class GuardianFactory(Behind):
    """`GuardianFactory(phone="19900000001")` seals the phone."""

    class Meta:
        model = Guardian

    class Params:
        phone = "19900000000"

    id = factory.LazyFunction(uuid.uuid4)
    county = COUNTY
    full_name = factory.Sequence(lambda n: f"{_FAMILY[n % 20]}{_GIVEN[n % 20]}民")
    phone_sealed = factory.LazyAttribute(
        lambda o: crypto.seal(o.phone, field=Guardian.PHONE_FIELD, row=o.id)
    )
    phone_mask = factory.LazyAttribute(lambda o: f"{o.phone[:3]}****{o.phone[-4:]}")


class StudentGuardianFactory(Behind):
    class Meta:
        model = StudentGuardian

    student = factory.SubFactory(StudentFactory)
    county = factory.SelfAttribute("student.county")
    guardian = factory.SubFactory(GuardianFactory, county=factory.SelfAttribute("..county"))
    relation_code = "51"
    valid_from = FIRST_DAY


class HouseholdFactory(Behind):
    class Meta:
        model = Household

    county = COUNTY
    household_no = factory.Sequence(lambda n: f"62060210{n:08d}")
    head_name = factory.Sequence(lambda n: f"{_FAMILY[n % 20]}{_GIVEN[n % 20]}国")


class HouseholdMemberFactory(Behind):
    class Meta:
        model = HouseholdMember

    household = factory.SubFactory(HouseholdFactory, county=factory.SelfAttribute("..county"))
    student = factory.SubFactory(StudentFactory)
    county = factory.SelfAttribute("student.county")
    valid_from = FIRST_DAY


class TransferFactory(Behind):
    """Sent on the second day of school, to another school of the same township."""

    class Meta:
        model = Transfer

    student = factory.SubFactory(StudentFactory)
    county = factory.SelfAttribute("student.county")
    from_school = factory.SelfAttribute("student.school")
    from_class = factory.SelfAttribute("student.class_group")
    grade = factory.SelfAttribute("student.grade")
    to_school = factory.SubFactory(SchoolFactory)
    reason = "随父母搬迁"
    sent_on = date(YEAR, 9, 2)
    due_on = date(YEAR, 9, 16)


class DropoutCaseFactory(Behind):
    """A fresh suspicion of 8 September; other states need the facts their constraints ask for."""

    class Meta:
        model = DropoutCase

    student = factory.SubFactory(StudentFactory)
    county = factory.SelfAttribute("student.county")
    state = CaseState.SUSPECTED
    school_at_opening = factory.SelfAttribute("student.school")
    grade_at_opening = factory.SelfAttribute("student.grade")
    source = "school"
    opened_on = date(YEAR, 9, 8)
    state_since = factory.SelfAttribute("opened_on")
    last_present_on = date(YEAR, 8, 31)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        """One that has ended was signed for by both lines, as the database asks."""
        with tenancy.inside(kwargs.get("county", COUNTY)):
            case = super()._create(model_class, *args, **kwargs)
            if case.state in SIGNED_STATES:
                sign_both_lines(case)
            return case


def sign_both_lines(case):
    for person, (line, name, duty) in enumerate(
        [
            ("education", "李校长", "黄羊镇中心小学 校长"),
            ("government", "赵副镇长", "黄羊镇 乡镇干部"),
        ],
        start=900_001,
    ):
        CaseSignature.objects.create(
            county=case.county,
            case=case,
            ending="lapse" if case.lapse_reason else "close",
            line=line,
            person_id=person,
            person_name=name,
            duty=duty,
            statement="经核对属实，同意销号。",
            statement_hash=digest_of(case),
        )


class HomeVisitFactory(Behind):
    class Meta:
        model = HomeVisit

    client_uuid = factory.LazyFunction(uuid.uuid4)
    case = factory.SubFactory(DropoutCaseFactory)
    student = factory.SelfAttribute("case.student")
    county = factory.SelfAttribute("student.county")
    kind = HomeVisit.Kind.PERSUASION
    visited_on = date(YEAR, 9, 10)
    visitors = "班主任、村干部"
    outcome = HomeVisit.Outcome.TALKED
    content_hash = b"\0" * 32
