"""The scope is a value; these are its laws without a database."""

from django.db.models import Q

from core.access import Permission, Reach, Scope

NOTHING = Q(pk__in=())


def scope(*grants, county="620602"):
    return Scope(county, grants)


def views(**place):
    return Reach(frozenset({Permission.CASE_VIEW}), **place)


def test_a_county_grant_is_an_equality_on_the_county():
    rows = scope(views(region="620602")).q(Permission.CASE_VIEW)

    assert rows == Q(county="620602") & (NOTHING | Q(county="620602"))


def test_a_grant_over_the_province_reaches_only_the_county_looked_at():
    rows = scope(views(region="62")).q(Permission.CASE_VIEW)

    assert "county', '620602" in str(rows)
    assert scope(views(region="62")).whole_county(Permission.CASE_VIEW)


def test_a_grant_of_another_county_reaches_nothing():
    rows = scope(views(region="620621")).q(Permission.CASE_VIEW)

    assert rows == Q(county="620602") & (NOTHING | NOTHING)


def test_a_township_grant_names_the_township():
    rows = scope(views(region="620602106")).q(Permission.CASE_VIEW, township="student__township")

    assert rows == Q(county="620602") & (NOTHING | Q(student__township="620602106"))


def test_a_township_grant_reaches_nothing_where_rows_have_no_township():
    rows = scope(views(region="620602106")).q(Permission.CASE_VIEW, township="")

    assert rows == Q(county="620602") & (NOTHING | NOTHING)


def test_reading_a_county_and_writing_one_class_is_not_writing_the_county():
    both = scope(
        views(region="620602"),
        Reach(frozenset({Permission.VISIT_LOG}), class_group=7),
    )

    assert both.q(Permission.VISIT_LOG) == Q(county="620602") & (NOTHING | Q(class_group=7))
    assert not both.whole_county(Permission.VISIT_LOG)


def test_no_grant_may_nothing():
    assert not any(Scope("620602").can(permission) for permission in Permission)
    assert Scope("620602").q(Permission.CASE_VIEW) == Q(county="620602") & NOTHING
