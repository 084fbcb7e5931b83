from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0023_sheet_left_out"),
    ]

    operations = [
        migrations.AlterField(
            model_name="officelist",
            name="kind",
            field=models.CharField(
                choices=[
                    ("poverty_register", "脱贫户、监测户名单"),
                    ("relief", "低保、特困名单"),
                    ("disability", "残疾儿童名单"),
                    ("civil", "留守、孤儿、事实无人抚养名单"),
                    ("population", "公安户籍名单"),
                    ("in_class", "在校点名名单"),
                    ("promises", "小升初派位名单"),
                    ("sent_down", "上级下发疑似辍学名单"),
                    ("other", "其他名单"),
                ],
                max_length=20,
                verbose_name="名单种类",
            ),
        ),
    ]
