"""The project looked at as a whole: what every form of every floor has to keep."""

from django import forms
from django.urls import get_resolver

from core.forms import DayField, DayInput, OfficeForm

FLOORS = ("accounts", "casework", "config", "core", "ledgers", "schools", "students", "subsidies")
FLOORS += ("twinning",)


def form_classes(base=forms.BaseForm):
    """Every form of ours; the pages import them, and the routes the pages."""
    assert get_resolver().url_patterns
    for one in base.__subclasses__():
        if one.__module__.partition(".")[0] in FLOORS:
            yield one
        yield from form_classes(one)


def test_every_form_speaks_the_words_of_the_office():
    others = {one for one in form_classes() if not issubclass(one, OfficeForm)}

    assert others == set()


def test_u057_every_box_for_a_day_takes_each_way_of_writing_it_and_has_the_calendar():
    fields = [
        (f"{one.__module__}.{one.__name__}.{name}", field)
        for one in form_classes()
        for name, field in one.base_fields.items()
    ]
    days = [(name, field) for name, field in fields if isinstance(field, forms.DateField)]
    native = [
        name
        for name, field in fields
        if isinstance(field, forms.DateField | forms.DateTimeField)
        or isinstance(field.widget, forms.DateInput | forms.DateTimeInput)
        if not (isinstance(field, DayField) and isinstance(field.widget, DayInput))
        if not field.widget.is_hidden
    ]

    assert len(days) > 20
    assert native == []
