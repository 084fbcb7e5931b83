import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0021_list_widths_and_undo"),
    ]

    operations = [
        migrations.AlterField(
            model_name="duplicatepair",
            name="reasons",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("same_name", "姓名相同"),
                        ("same_sound", "姓名读音相同"),
                        ("swapped_name", "名字用字颠倒"),
                        ("similar_name", "姓名差一个字"),
                        ("same_birth", "出生日期相同"),
                        ("near_birth", "出生日期相近"),
                        ("same_guardian", "监护人相同"),
                        ("same_household", "同一户"),
                        ("number_in_no", "学籍号含对方证件号"),
                        ("shared_no", "名册里的学籍号是对方的"),
                        ("number_changed", "临时学籍号已转正式"),
                        ("no_number", "一方没有证件号"),
                        ("similar_number", "证件号相近"),
                        ("same_school", "学校相同"),
                        ("same_address", "住址相同"),
                    ],
                    max_length=20,
                ),
                default=list,
                size=None,
            ),
        ),
    ]
