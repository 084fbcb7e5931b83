"""No form of the office says 此项必填: each message names the field and the remedy."""

import re

import pytest
from django import forms

from core.forms import OfficeForm

EMPTY_WORDS = re.compile("此项|该字段|这个字段|必填|输入有误|非法|无效|该变量|有效的")


class Everything(OfficeForm):
    name = forms.CharField(label="姓名", max_length=3)
    born = forms.DateField(label="出生日期")
    days = forms.IntegerField(label="有效天数", min_value=1, max_value=9)
    sex = forms.ChoiceField(label="性别", choices=[("男", "男")])
    causes = forms.MultipleChoiceField(label="原因", choices=[("a", "a")])
    file = forms.FileField(label="名册文件")


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "name", "请填写姓名"),
        ({}, "born", "请填写出生日期"),
        ({}, "sex", "请选择性别"),
        ({}, "causes", "请选择原因"),
        ({}, "file", "请选择名册文件"),
        ({"name": "四个汉字"}, "name", "姓名最多 3 个字，现在有 4 个，请缩短"),
        ({"born": "上周"}, "born", "出生日期请写成日期，如 2026-09-01"),
        ({"days": "0"}, "days", "有效天数最小为 1，请改大"),
        ({"days": "99"}, "days", "有效天数最大为 9，请改小"),
        ({"days": "很多"}, "days", "有效天数请写成整数，如 30"),
        ({"sex": "甲"}, "sex", "性别没有这个选项，请从列表中重新选择"),
        ({"causes": ["b"]}, "causes", "原因没有这个选项，请从列表中重新选择"),
    ],
)
def test_an_error_names_the_field_and_the_remedy(given, field, words):
    assert Everything(given).errors[field] == [words]


def test_every_message_of_every_field_is_in_these_words():
    messages = [
        str(message)
        for field in Everything().fields.values()
        for message in field.error_messages.values()
    ]

    assert [message for message in messages if EMPTY_WORDS.search(message)] == []


@pytest.mark.parametrize("text", ["2016-03-07", "2016/3/7", "2016.3.7", "2016年3月7日", "20160307"])
def test_a_date_may_be_written_in_the_usual_ways(text):
    form = Everything({"born": text})

    assert "born" not in form.errors
    assert f"{form.cleaned_data['born']}" == "2016-03-07"
