"""A small roster of pupils, as text, handed in and checked."""

import csv
import io
from datetime import date

from students.models import ImportBatch
from students.rosters import files, services
from tests.factories import COUNTY, YEAR, id_number

HEAD = ["姓名", "身份证号", "性别", "出生日期", "学校", "年级", "家长电话"]


def number(n):
    return id_number(born=date(2016, 3, 7), number=n)


def line(n, *, sex="男", school="青林中心小学", grade="三年级", id_text=None):
    text = number(n) if id_text is None else id_text
    return [f"张小{'甲乙丙丁戊己庚辛壬癸'[n]}", text, sex, "", school, grade, "19912345678"]


def hand_in(officer, *lines, head=HEAD):
    """As an uploaded file is after its columns were confirmed, and checked once."""
    text = io.StringIO()
    csv.writer(text).writerows([head, *lines])
    stored_as, sha256 = files.store(io.BytesIO(text.getvalue().encode()))
    batch, _ = services.open_batch(
        county=COUNTY,
        school_year=YEAR,
        file_name="名册.csv",
        stored_as=stored_as,
        sha256=sha256,
        actor=officer,
    )
    batch.state = ImportBatch.State.CHECKING
    batch.save(update_fields=["state"])
    return services.check(county=COUNTY, batch_id=batch.pk)
