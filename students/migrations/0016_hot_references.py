import django.db.models.deletion
from django.db import migrations, models

from core.references import Reference, keep

HOT = (
    Reference("students_student", "school_id", "schools_school"),
    Reference("students_student", "class_group_id", "schools_classgroup"),
    Reference("students_studentidentifier", "student_id", "students_student"),
    Reference("students_sealedextra", "student_id", "students_student"),
    Reference("students_enrolment", "student_id", "students_student"),
    Reference("students_enrolment", "school_id", "schools_school"),
    Reference("students_enrolment", "class_group_id", "schools_classgroup"),
    Reference("students_personcategory", "student_id", "students_student"),
    Reference("students_personcategory", "type_id", "students_categorytype", "code"),
    Reference("students_personcategory", "batch_id", "students_importbatch"),
)


class Migration(migrations.Migration):
    dependencies = [("students", "0015_column_walls")]

    operations = [
        migrations.AlterField(
            model_name="enrolment",
            name="class_group",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.classgroup",
            ),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="school",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.school",
            ),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="student",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="enrolments",
                to="students.student",
            ),
        ),
        migrations.AlterField(
            model_name="personcategory",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="students.importbatch",
            ),
        ),
        migrations.AlterField(
            model_name="personcategory",
            name="student",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="categories",
                to="students.student",
            ),
        ),
        migrations.AlterField(
            model_name="personcategory",
            name="type",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="students.categorytype",
            ),
        ),
        migrations.AlterField(
            model_name="sealedextra",
            name="student",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sealed_extras",
                to="students.student",
            ),
        ),
        migrations.AlterField(
            model_name="student",
            name="class_group",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.classgroup",
            ),
        ),
        migrations.AlterField(
            model_name="student",
            name="school",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.school",
            ),
        ),
        migrations.AlterField(
            model_name="studentidentifier",
            name="student",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="identifiers",
                to="students.student",
            ),
        ),
        migrations.RunSQL(*keep(*HOT)),
    ]
