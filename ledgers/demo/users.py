"""One login for every role, with a password made for this installation, and an API token."""

import os
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from accounts import tokens
from accounts.models import Grant, User
from accounts.roles import PERMISSIONS, Role
from casework.models.signature import SignatureLine
from schools.models import ClassGroup, Division, School
from students.models import Student

# Without 0 and O, 1 and l: the password is read from a screen and typed.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Post:
    username: str
    full_name: str
    role: Role
    place: Division | School | ClassGroup

    @property
    def line(self) -> str:
        where = str(self.place)
        if isinstance(self.place, ClassGroup):
            where = f"{self.place.school}{self.place}"
        return f"{Role(self.role).label}  {where}"


@dataclass(frozen=True, slots=True)
class Staff:
    officer: User
    lines: list[str]


def posts(*, county: Division, classes: list[ClassGroup]) -> list[Post]:
    """`classes`: of the teachers; the first one's school is the head's."""
    first, second = classes
    province = Division.objects.get(pk=county.pk[:2])
    return [
        Post("county", "王建国", Role.COUNTY_OFFICER, county),
        Post("subsidy", "李秀兰", Role.SUBSIDY_OFFICER, county),
        Post("township", "张永福", Role.TOWNSHIP_OFFICER, _township(first)),
        Post("head", "单文海", Role.SCHOOL_HEAD, first.school),
        Post("teacher", "曾晓燕", Role.CLASS_TEACHER, first),
        Post("teacher2", "马玉花", Role.CLASS_TEACHER, second),
        Post("auditor", "赵明德", Role.AUDITOR, county),
        Post("province", "欧阳静", Role.PROVINCE_READER, province),
        Post("sysadmin", "陈志强", Role.SYSTEM_ADMIN, county),
        Post("secadmin", "周海燕", Role.SECURITY_ADMIN, county),
        Post("auditadmin", "杨立新", Role.AUDIT_ADMIN, county),
    ]


def hire(wanted: list[Post], *, county: Division, since: date, now: datetime) -> Staff:
    """Users with their grants, and lines to print: username, password, role, place."""
    password = _password()
    users = {post.username: _hire(post, password=password, since=since) for post in wanted}
    lines = [f"{post.username}  {password}  {post.line}" for post in wanted]
    client = Post("api", "台账接口客户端", Role.REST_CLIENT, county)
    _, text = tokens.issue(
        owner=_hire(client, password=None, since=since),
        county=county.pk,
        name="演示：拉取台账",
        permissions=set(PERMISSIONS[Role.REST_CLIENT]),
        now=now,
    )
    lines.append(f"api-token  {text}  {client.line}")
    return Staff(users["county"], lines)


_HEADS = ("马成林", "何玉梅", "杜建军", "魏秀英", "包海龙", "石俊山")
_OFFICERS = ("苏永军", "柴红霞", "巩志明", "蒲晓东", "冉国栋", "闫桂芳")


@dataclass(slots=True)
class Signers:
    """Who signs for a child's lines: heads and township officers, without a login of their own.

    A child at no school is signed for by the county's officer.
    """

    officer: User
    since: date

    def of(self, student: Student, line: SignatureLine) -> User:
        if line == SignatureLine.EDUCATION and student.school is None:
            return self.officer
        if line == SignatureLine.EDUCATION and student.school is not None:
            return self._at(student.school, Role.SCHOOL_HEAD, _HEADS, student.school.code)
        township = Division.objects.get(pk=student.township)
        return self._at(township, Role.TOWNSHIP_OFFICER, _OFFICERS, township.pk)

    def _at(self, place: Any, role: Role, names: tuple[str, ...], code: str) -> User:
        standing = Grant.objects.at(place).filter(role=role).select_related("user").first()
        if standing is not None:
            return standing.user
        name = names[int(code) % len(names)]
        return _hire(Post(f"{role}-{code}", name, role, place), password=None, since=self.since)


def write_credentials(path: Path, lines: list[str]) -> None:
    """Readable by its owner only, complete or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    fresh.replace(path)


def _password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def _hire(post: Post, *, password: str | None, since: date) -> User:
    user = User(username=post.username, full_name=post.full_name)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    Grant.objects.create(user=user, role=post.role, valid_from=since, **_as_place(post.place))
    return user


def _as_place(place: Division | School | ClassGroup) -> dict[str, Any]:
    if isinstance(place, Division):
        return {"division": place}
    return {"school": place} if isinstance(place, School) else {"class_group": place}


def _township(group: ClassGroup) -> Division:
    if group.school.township is None:
        raise ValueError(f"{group.school} lies in no township")
    return group.school.township
