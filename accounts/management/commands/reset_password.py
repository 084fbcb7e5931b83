from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import staff


class Command(BaseCommand):
    help = "Give an account a new one-time password: administrators, who reset nobody's of theirs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **options: Any) -> None:
        try:
            password = staff.reset_password_on_server(username=username)
        except User.DoesNotExist as unknown:
            raise CommandError(f"没有用户名“{username}”，请核对后重试。") from unknown
        self.stdout.write(
            f"用户名 {username}，一次性密码 {password}（只显示这一次，首次登录必须修改）"
        )
