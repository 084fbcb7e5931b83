from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils import timezone

from accounts.roles import Role
from accounts.services import staff
from schools.models import Division, School


class Command(BaseCommand):
    help = "Add an account with one grant: the first administrator, or any other person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("full_name")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("place", help="division code, or 10-digit school code")

    def handle(
        self, *, username: str, full_name: str, role: str, place: str, **options: Any
    ) -> None:
        password = staff.one_time_password()
        try:
            staff.add_user(
                username=username,
                full_name=full_name,
                password=password,
                role=Role(role),
                place=_place(place),
                on=timezone.localdate(),
            )
        except IntegrityError as taken:
            raise CommandError(f"用户名“{username}”已被使用，请换一个。") from taken
        self.stdout.write(
            f"用户名 {username}，初始密码 {password}（只显示这一次，首次登录必须修改）"
        )


def _place(code: str) -> Division | School:
    found: Division | School | None = (
        School.objects.filter(code=code).first()
        if len(code) == 10
        else Division.objects.filter(code=code).first()
    )
    if found is None:
        raise CommandError(f"没有代码为“{code}”的区划或学校：区划先用 load_divisions 载入。")
    return found
