"""Second records planted into a demo county, changed as clerks change them, and decoys.

Decoys are twins, and namesakes of one birthday: two children, not one.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random


@dataclass
class Second:
    """A second record of `original`, or of somebody like it."""

    original: object
    kind: str
    name: str
    birth_date: object
    number: str = ""
    student_no: str = ""
    kin: str = "copied"  # copied, none, shared (the very same rows) or others
    place: str = "any"  # any, same, other


@dataclass
class Sower:
    rng: Random
    given: set = field(default_factory=set)
    running: int = 90_000_000  # beyond the demo's

    def fresh_number(self, child):
        """Below the sequences of the demo, so it is nobody's."""
        return self._take(f"629900{child.birth_date:%Y%m%d}", 3 if child.sex == "男" else 2)

    def misread_number(self, child):
        """One digit of the sequence; the demo's begin with 5 to 9."""
        own = own_number(child)
        return self._take(own[:14], int(f"{(int(own[14]) + 5) % 10}{own[15:17]}"))

    def next_number(self, child):
        """What the police station gave the second child of that hour, of a code of its own."""
        own = own_number(child)
        return self._take(f"629901{own[6:14]}", int(own[14:17]) + self.rng.choice([2, 2, 2, 4, 6]))

    def _take(self, head, sequence):
        from core import idnumber

        while f"{head}{sequence % 1000:03d}" in self.given:
            sequence += 2
        body = f"{head}{sequence % 1000:03d}"
        self.given.add(body)
        return body + idnumber.check_character(body)

    def temporary(self, letter):
        self.running += 1
        return f"{letter}620602{self.rng.randrange(2016, 2021)}{self.running:08d}"

    def swapped(self, name):
        return name[:-2] + name[-1] + name[-2]

    def homophone(self, name):
        """One sign of the given name for another of the same sound."""
        place = self.rng.randrange(1, len(name))
        others = [sign for sign in homophones()[_sound(name[place])] if sign != name[place]]
        return name[:place] + self.rng.choice(others) + name[place + 1 :] if others else ""

    def sister(self, name):
        """As twins are named: one sign shared."""
        other = self.rng.choice([sign for sign in "涵萱轩宇博文佳欣思晨" if sign not in name])
        return name[:-1] + other


def own_number(child):
    return next(number.reveal() for number in child.numbers)


_SOUNDS = {}


def _sound(sign):
    from core import names

    return names.search_keys("王" + sign).pinyin.removeprefix("wang ")


def homophones():
    if not _SOUNDS:
        found = defaultdict(list)
        for code in range(0x4E00, 0x9FA6):
            sign = chr(code)
            if len(sign.encode("gb2312", "ignore")) == 2:
                found[_sound(sign)].append(sign)
        _SOUNDS.update(found)
    return _SOUNDS


def _papers(sower, child):
    return Second(child, "", child.full_name, child.birth_date, "", sower.temporary("J"))


def _changed_number(sower, child):
    return Second(child, "", child.full_name, child.birth_date, sower.fresh_number(child))


def _temporary_no(sower, child):
    letter = sower.rng.choice("JL")
    return Second(child, "", child.full_name, child.birth_date, "", sower.temporary(letter))


def _dots(sower, child):
    name = child.full_name.replace("·", sower.rng.choice(["", "", " "]))
    return _with_or_without_number(sower, child, name)


def _swapped(sower, child):
    return _with_or_without_number(sower, child, sower.swapped(child.full_name))


def _homophone(sower, child):
    name = sower.homophone(child.full_name)
    return _with_or_without_number(sower, child, name) if name else None


def _digit(sower, child):
    number = sower.misread_number(child)
    return Second(child, "", child.full_name, child.birth_date, number)


def _student_no(sower, child):
    """The number stands in the 学籍号 of a record that was written under another spelling."""
    number = own_number(child)
    name = sower.homophone(child.full_name) or child.full_name
    return Second(child, "", name, child.birth_date, "", f"G{number}")


def _with_or_without_number(sower, child, name):
    number = sower.fresh_number(child) if sower.rng.random() < 0.4 else ""
    return Second(child, "", name, child.birth_date, number)


def _twin(sower, child):
    name = sower.homophone(child.full_name) if sower.rng.random() < 0.15 else ""
    name = name or sower.sister(child.full_name)
    number = sower.next_number(child)
    return Second(child, "", name, child.birth_date, number, kin="shared", place="same")


def _namesake(sower, child):
    place = "same" if sower.rng.random() < 0.15 else "other"
    kin = "others" if sower.rng.random() < 0.85 else "none"
    number = sower.fresh_number(child)
    return Second(child, "", child.full_name, child.birth_date, number, kin=kin, place=place)


KINDS = {
    "number-less, then numbered": _papers,
    "changed number": _changed_number,
    "J or L, then G": _temporary_no,
    "dot variant": _dots,
    "characters swapped": _swapped,
    "homophone": _homophone,
    "one digit wrong": _digit,
    "number in the 学籍号": _student_no,
    "twins": _twin,
    "namesakes": _namesake,
}
DECOYS = {"twins", "namesakes"}


def plant(*, county, per_kind, rng):
    """Second records into the county of this connection; (first, second) -> kind."""
    sower = Sower(rng)
    pools = _pools(county, rng)
    seconds = []
    for kind, change in KINDS.items():
        pool = pools["dotted" if kind == "dot variant" else "plain"]
        made = 0
        while pool and made < per_kind:
            second = change(sower, pool.pop())
            if second and second.name != "":
                second.kind = kind
                _loosen(second, rng)
                seconds.append(second)
                made += 1
    return _write(county, seconds, rng)


def _loosen(second, rng):
    """What a second record does not repeat: a fifth has no guardian, most are at another place."""
    if second.kind in DECOYS:
        return
    second.kin = "copied" if rng.random() < 0.8 else "none"
    second.place = rng.choice(["same", "same", "other", "none"])


def _pools(county, rng):
    from django.db.models import Prefetch

    from students.models import Student, StudentIdentifier

    numbers = StudentIdentifier.objects.filter(kind="id_number", valid_to=None)
    rows = Student.objects.filter(county=county, identifiers__kind="id_number")
    pks = list(rows.distinct().values_list("pk", flat=True))
    rng.shuffle(pks)
    children = list(
        Student.objects.filter(pk__in=pks[:20_000]).prefetch_related(
            Prefetch("identifiers", numbers, to_attr="numbers"), "guardianships__guardian"
        )
    )
    rng.shuffle(children)
    dotted = [child for child in children if "·" in child.full_name]
    plain = [
        child
        for child in children
        if len(child.full_name) == 3
        and "·" not in child.full_name
        and child.full_name[1] != child.full_name[2]
    ]
    return {"dotted": dotted, "plain": plain}


def _write(county, seconds, rng):
    from schools.models import School
    from students.models import Guardian, Student, StudentGuardian, StudentIdentifier

    schools = list(School.objects.filter(county=county).values_list("pk", flat=True))
    students = Student.objects.bulk_create(
        [_student(county, second, schools, rng) for second in seconds]
    )
    identifiers, guardians, ties, truth = [], [], [], {}
    for second, student in zip(seconds, students, strict=True):
        identifiers += _identifiers(county, second, student)
        for tie in second.original.guardianships.all():
            guardian = _guardian(county, second, tie.guardian, rng)
            if guardian is None:
                continue
            if guardian is not tie.guardian:
                guardians.append(guardian)
            ties.append(
                StudentGuardian(
                    county=county,
                    student=student,
                    guardian=guardian,
                    relation_code=tie.relation_code,
                    valid_from=tie.valid_from,
                )
            )
        truth[min(second.original.pk, student.pk), max(second.original.pk, student.pk)] = (
            second.kind
        )
    # A 学籍号 stands once in a county: where the second record holds it, the first never did.
    robbed = [one.original.pk for one in seconds if one.student_no.startswith("G")]
    StudentIdentifier.objects.filter(student__in=robbed, kind="student_no").delete()
    StudentIdentifier.objects.bulk_create(identifiers)
    Guardian.objects.bulk_create(guardians)
    StudentGuardian.objects.bulk_create(ties)
    return truth


def _student(county, second, schools, rng):
    from core import names
    from students.models import Student

    original = second.original
    place = {
        "same": original.school_id,
        "other": rng.choice(schools),
        "any": original.school_id,
        "none": None,
    }[second.place]
    name = names.normalise(second.name)
    keys = names.search_keys(name)
    return Student(
        county=county,
        full_name=name,
        name_key=keys.pinyin,
        name_tokens=keys.tokens,
        sex=original.sex,
        birth_date=second.birth_date,
        ethnicity_code=original.ethnicity_code,
        has_no_number=not second.number,
        township=original.township,
        school_id=place,
        grade=original.grade if place else None,
    )


def _identifiers(county, second, student):
    from core import crypto, idnumber
    from students.models import StudentIdentifier

    for kind, text in (("id_number", second.number), ("student_no", second.student_no)):
        if text:
            pk = uuid.uuid4()
            yield StudentIdentifier(
                id=pk,
                county=county,
                student=student,
                kind=kind,
                sealed=crypto.seal(text, field=StudentIdentifier.FIELD, row=pk),
                blind=crypto.blind_index(text),
                mask=idnumber.mask(text),
                valid_from="2026-09-01",
            )


def _guardian(county, second, guardian, rng):
    from students.models import Guardian

    if second.kin == "none":
        return None
    if second.kin == "shared":
        return guardian
    if second.kin == "others":
        name = guardian.full_name[:1] + rng.choice("国建志文秀") + rng.choice("强华英芳军")
        return Guardian(id=uuid.uuid4(), county=county, full_name=name, phone_mask=_phone_mask(rng))
    phone = guardian.phone_mask if rng.random() < 0.8 else _phone_mask(rng)
    return Guardian(id=uuid.uuid4(), county=county, full_name=guardian.full_name, phone_mask=phone)


def _phone_mask(rng):
    return f"199****{rng.randrange(10_000):04d}"
