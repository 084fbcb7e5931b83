"""No form of the office says 此项必填: each message names the field and the remedy."""

import re
from datetime import date

import pytest
from django import forms
from hypothesis import given as drawn
from hypothesis import strategies as st

from core.forms import DayField, NoSuchDay, OfficeForm, written_day

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


# -- days --------------------------------------------------------------------------------------

WRITTEN = [
    "2014-03-07",
    "2014-3-7",
    "2014/3/7",
    "2014.3.7",
    "2014年3月7日",
    "2014年03月07号",
    "2014 年 3 月 7 日",
    "20140307",
    "２０１４．０３．０７",
    "2014 3 7",
    "2014、3、7",
    "2014—03—07",
    "二〇一四年三月七日",
    "2014-03-07 00:00:00",
    "41705",  # what a sheet shows of the day where the cell lost its format
]


class Born(OfficeForm):
    born = DayField(label="出生日期", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["born"].limit(
            first=date(1996, 11, 1),
            why_first="那样已满 30 周岁，请核对年份",
            last=date(2026, 11, 22),
            why_last="那是今天以后，请核对户口簿后改正",
        )


@pytest.mark.parametrize("text", WRITTEN)
def test_u057_a_day_is_taken_in_every_written_form(text):
    form = Born({"born": text})

    assert form.is_valid(), form.errors
    assert form.cleaned_data["born"] == date(2014, 3, 7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("14.3.7", "出生日期请写成日期，如 2026-09-01"),
        ("2014-02", "出生日期请写成日期，如 2026-09-01"),
        ("不详", "出生日期请写成日期，如 2026-09-01"),
        ("2014-02-30", "出生日期写的是 2014 年 2 月 30 日，没有这一天，请核对后改正"),
        ("1950-1-1", "出生日期早于 1996-11-01，那样已满 30 周岁，请核对年份"),
        ("2026年12月1日", "出生日期晚于 2026-11-22，那是今天以后，请核对户口簿后改正"),
    ],
)
def test_u057_what_is_no_day_or_out_of_limits_says_why(text, words):
    assert Born({"born": text}).errors["born"] == [words]


def test_u057_the_limits_stand_beside_the_box_for_the_calendar():
    box = str(Born()["born"])

    assert 'type="text"' in box
    assert 'data-min="1996-11-01"' in box
    assert 'data-max="2026-11-22"' in box


@drawn(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_back_from_every_pattern(day):
    chinese = str.maketrans("0123456789", "〇一二三四五六七八九")
    patterns = (
        "{:%Y-%m-%d}",
        "{:%Y%m%d}",
        "{0.year}.{0.month}.{0.day}",
        "{0.year}年{0.month}月{0.day}日",
    )
    for pattern in patterns:
        assert written_day(pattern.format(day)) == day
    assert written_day(f"{day:%Y}年".translate(chinese) + f"{day.month}月{day.day}日") == day


def test_a_day_that_never_was_is_told_apart_from_no_day():
    with pytest.raises(NoSuchDay):
        written_day("2014年2月30日")
    assert written_day("三月七日") is None
