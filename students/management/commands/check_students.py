from typing import Any

from django.core.management.base import BaseCommand, CommandError

from students.consistency import differing_students


class Command(BaseCommand):
    help = "Compare school, class, grade and township of every student with the open enrolment."

    def handle(self, **options: Any) -> None:
        found = differing_students()
        for row in found:
            self.stdout.write(
                f"{row.county}：与在读记录不一致的学生，学校 {row.school} 人，"
                f"班级 {row.class_group} 人，年级 {row.grade} 人，乡镇 {row.township} 人"
            )
        if any(row.any for row in found):
            raise CommandError("学生信息与在读记录不一致，请联系维护人员核对后更正。")
