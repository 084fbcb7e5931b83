"""What a roster is about to change, kept so that it can be taken back.

`remember` and `keep` stand around the writing of a decided batch; both read the temporary table
`decided`. Children the roster creates cost nothing here: their keys lie between two numbers and
they carry the instant of the writing.
"""

from dataclasses import dataclass

from django.db import connection

from schools.models import ClassGroup
from students.models import ImportBatch


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table about a child, as far as a roster writes them."""

    name: str
    table: str
    key: str  # the column that names the child
    columns: tuple[str, ...]

    @property
    def image(self) -> str:
        pairs = ", ".join(f"'{column}', x.{column}" for column in self.columns)
        return f"jsonb_build_object({pairs})"


STUDENT = Part(
    "student",
    "students_student",
    "id",
    (
        *("full_name", "name_key", "name_tokens", "former_name", "sex", "birth_date"),
        *("ethnicity_code", "id_type", "has_no_number", "hukou_division", "hukou_address"),
        *("residence_address", "township", "school_id", "class_group_id", "grade", "extra"),
        *("merged_into_id", "updated_at"),
    ),
)
FACTS = (
    Part(
        "enrolments",
        "students_enrolment",
        "student_id",
        (
            *("id", "county", "student_id", "school_id", "class_group_id", "grade"),
            *("attendance_mode", "status", "valid_from", "valid_to", "source"),
        ),
    ),
    Part(
        "categories",
        "students_personcategory",
        "student_id",
        (
            *("id", "county", "student_id", "type_id", "valid_from", "valid_to", "source"),
            "batch_id",
        ),
    ),
    Part(
        "identifiers",
        "students_studentidentifier",
        "student_id",
        (
            *("id", "county", "student_id", "kind", "sealed", "blind", "mask", "source"),
            *("valid_from", "valid_to"),
        ),
    ),
    Part(
        "extras",
        "students_sealedextra",
        "student_id",
        ("id", "county", "student_id", "columns", "blind", "sealed"),
    ),
)
PARTS = (STUDENT, *FACTS)

_TRACED = """
DROP TABLE IF EXISTS pg_temp.traced;
CREATE TEMPORARY TABLE traced ON COMMIT DROP AS
SELECT DISTINCT student_id FROM decided
 WHERE NOT is_new AND NOT is_duplicate AND changes <> '{}';
ANALYZE traced
"""
_OF_ONE = (
    "SELECT x.{key} AS student_id, {image} AS image"
    " FROM {table} x JOIN traced t ON t.student_id = x.{key}"
)
_OF_MANY = (
    "SELECT x.{key} AS student_id, jsonb_agg({image} ORDER BY x.id) AS image"
    " FROM {table} x JOIN traced t ON t.student_id = x.{key} GROUP BY 1"
)


def _images_statement() -> str:
    """One row a child, one column a part."""
    joins = "".join(
        f" LEFT JOIN ({(_OF_ONE if part is STUDENT else _OF_MANY).format(**_words(part))})"
        f" {part.name} USING (student_id)"
        for part in PARTS
    )
    columns = ", ".join(f"coalesce({part.name}.image, '[]') AS {part.name}" for part in PARTS)
    return f"SELECT student_id, {columns} FROM traced{joins}"


def _words(part: Part) -> dict[str, str]:
    return {"key": part.key, "table": part.table, "image": part.image}


IMAGES = _images_statement()


def digest(column: str) -> str:
    """Of an image; not of the instant of the last change, which an undo of a later roster sets."""
    return f"md5(({column} - 'updated_at')::text)"


_DIGESTS = "jsonb_build_object({})".format(
    ", ".join(f"'{part.name}', {digest(part.name)}" for part in PARTS)
)
_REMEMBER = f"""
DROP TABLE IF EXISTS pg_temp.was;
CREATE TEMPORARY TABLE was ON COMMIT DROP AS {IMAGES};
ANALYZE was
"""
_CHANGED_PARTS = "jsonb_strip_nulls(jsonb_build_object({}))".format(
    ", ".join(
        f"'{part.name}', CASE WHEN was.{part.name} <> now.{part.name} THEN was.{part.name} END"
        for part in PARTS
    )
)
_KEEP = f"""
INSERT INTO students_rostertrace (county, batch_id, student_id, before, after, touched)
SELECT %(county)s, %(batch)s, student_id, {_CHANGED_PARTS}, now.digests, '{{}}'
  FROM was JOIN (SELECT *, {_DIGESTS} AS digests FROM ({IMAGES}) images) now USING (student_id)
"""
_MADE = """
SELECT now()::text, min(student_id), max(student_id) FROM decided WHERE is_new
"""


def remember(batch: ImportBatch) -> None:
    """Before the writing."""
    newest = ClassGroup.objects.order_by("-pk").values_list("pk", flat=True).first()
    batch.made = {"newest_class": newest or 0}
    with connection.cursor() as cursor:
        cursor.execute(_TRACED)
        cursor.execute(_REMEMBER)


def keep(batch: ImportBatch) -> None:
    """After it, in the same transaction. The caller saves `made`."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {"county": batch.county, "batch": batch.pk})
        cursor.execute(_MADE)
        at, first, last = cursor.fetchone()
    newest = batch.made["newest_class"]
    classes = ClassGroup.objects.filter(school__county=batch.county, pk__gt=newest)
    batch.made = {
        "at": at,
        "children": [first or 0, last or 0],
        "classes": list(classes.values_list("pk", flat=True)),
    }
