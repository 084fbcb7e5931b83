"""All rows about two records, as the database holds them, to be put back to the letter.

Which tables speak of a student is asked from the models, so a table of a later floor is moved,
kept and put back without a line here. An image stays text between two statements: neither a
number's digits nor sealed bytes pass through Python's types.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, models

from students.duplicates.rules import STAYS
from students.models import Student, StudentMerge

Key = tuple[str, str]  # model label, primary key
Images = dict[Key, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names a student."""

    model: type[models.Model]
    column: str

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def table(self) -> str:
        return self.model._meta.db_table


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


def references() -> Iterator[Reference]:
    """Everything that refers to a student and moves with the child."""
    for relation in Student._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        field = relation.field
        if field.model._meta.label_lower not in STAYS:
            yield Reference(field.model, field.column)


def take(*, kept: int, absorbed: int) -> Images:
    """The two records and every row that names either."""
    found = _images(Student, "id", [kept, absorbed])
    for reference in references():
        found |= _images(reference.model, reference.column, [kept, absorbed])
    return found


def _images(model: type[models.Model], column: str, students: list[int]) -> Images:
    statement = (
        f"SELECT t.{_key(model)}::text, to_jsonb(t)::text"
        f" FROM {model._meta.db_table} t WHERE t.{column} = ANY(%s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [students])
        return {(model._meta.label_lower, key): image for key, image in cursor.fetchall()}


def move(*, kept: int, absorbed: int) -> None:
    """Point every row of the absorbed record at the one that stays. Errors: IntegrityError."""
    for reference in references():
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {reference.table} SET {reference.column} = %s"
                f" WHERE {reference.column} = %s",
                [kept, absorbed],
            )


def keep(merge: StudentMerge, *, before: Images, after: Images) -> None:
    keys = sorted(before.keys() | after.keys())
    statement = """
INSERT INTO students_mergedrow (county, merge_id, model, "row", before, after)
SELECT %s, %s, * FROM unnest(%s, %s, %s::jsonb[], %s::jsonb[])
"""
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                merge.county,
                merge.pk,
                [model for model, _ in keys],
                [row for _, row in keys],
                [before.get(key) for key in keys],
                [after.get(key) for key in keys],
            ],
        )


def kept_after(merge: StudentMerge) -> Images:
    """What the merge left: compare with `take` to see who wrote since."""
    statement = """
SELECT model, "row", after::text FROM students_mergedrow
 WHERE merge_id = %s AND after IS NOT NULL
"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [merge.pk])
        return {(model, row): image for model, row, image in cursor.fetchall()}


def put_back(merge: StudentMerge) -> None:
    """Every row as it was before the merge.

    What differs is taken out first and written second: half-restored spans would overlap. Foreign
    keys are looked at when the transaction ends.
    """
    tables = {ref.label: ref.model for ref in references() if ref.model is not Student}
    for model in tables.values():
        _take_out(merge, model)
    for model in tables.values():
        _write(merge, model)
    _write_students(merge)


def _take_out(merge: StudentMerge, model: type[models.Model]) -> None:
    key = _key(model)
    statement = f"""
DELETE FROM {model._meta.db_table} t USING students_mergedrow m
 WHERE m.merge_id = %s AND m.model = %s AND m."row" = t.{key}::text
   AND m.before IS DISTINCT FROM m.after
"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [merge.pk, model._meta.label_lower])


def _write(merge: StudentMerge, model: type[models.Model]) -> None:
    table = model._meta.db_table
    statement = f"""
INSERT INTO {table}
SELECT old.* FROM students_mergedrow m
 CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, m.before) old
 WHERE m.merge_id = %s AND m.model = %s AND m.before IS NOT NULL
   AND m.before IS DISTINCT FROM m.after
"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [merge.pk, model._meta.label_lower])


def _write_students(merge: StudentMerge) -> None:
    # Never deleted, not even for a moment: too many tables point here.
    fields = [field for field in Student._meta.concrete_fields if not field.primary_key]
    columns = [str(field.column) for field in fields]
    statement = f"""
UPDATE students_student s SET ({", ".join(columns)}) = ({", ".join(f"old.{c}" for c in columns)})
  FROM students_mergedrow m
 CROSS JOIN LATERAL jsonb_populate_record(NULL::students_student, m.before) old
 WHERE m.merge_id = %s AND m.model = 'students.student' AND s.id = old.id
   AND m.before IS DISTINCT FROM m.after
"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [merge.pk])
