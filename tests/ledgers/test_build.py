from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.scope import scope_for
from casework.models import DropoutCase
from core.models import AuditEntry
from ledgers.kinds import KINDS
from ledgers.models import LedgerRow, LedgerVersion
from ledgers.periods import PeriodIsLocked, UnitUnknown
from ledgers.queries import LedgerChanges, history
from tests.factories import COUNTY, StudentFactory, county_officer
from tests.ledgers.books import LAST_DAY, build_ledger, dropout, rows_of, statuses_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 30)
quickly = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
stays = st.lists(
    st.tuples(
        st.dates(date(2010, 8, 1), date(2021, 10, 1)),  # born
        st.one_of(
            st.none(),
            st.tuples(st.dates(date(2026, 8, 1), date(2026, 12, 31)), st.integers(0, 120)),
        ),
        st.booleans(),  # still enrolled
    ),
    max_size=6,
)


@quickly
@given(stays=stays, day=st.dates(date(2026, 9, 1), date(2026, 12, 31)))
def test_the_statement_agrees_with_a_plain_count(stays, day):
    with transaction.atomic():
        expected = {}
        for born, stay, still in stays:
            ends = None
            if stay and not still:
                ends = stay[0] + timedelta(days=stay[1])
            enrolment = {"valid_from": stay[0], "valid_to": ends} if stay else {}
            student = (
                StudentFactory(birth_date=born, number="", enrolment=enrolment)
                if stay
                else StudentFactory(birth_date=born, number="", class_group=None)
            )
            if date(2011, 9, 1) <= born <= date(2020, 8, 31):
                expected[student.pk] = schooling(stay, ends, day)

        version = build_ledger("school_age", f"{day:%Y-%m}", as_of=day).version

        assert statuses_of(version) == expected
        assert version.rows == len(expected)
        transaction.set_rollback(True)


def schooling(stay, ends, day):
    if not stay or stay[0] > day:
        return "not_enrolled"
    return "in_school" if ends is None or ends >= day else "unclear"


@quickly
@given(
    edits=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["家", "外", "无"])), max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_every_version_keeps_its_rows_whatever_is_built_later(edits):
    with transaction.atomic():
        students = [StudentFactory(number="") for _ in range(4)]
        kept = {}
        for batch in edits:
            edit(students, batch)
            built = build_ledger("dropout").version
            kept[built.number] = rows_of(built)

        for number, rows in kept.items():
            version = LedgerVersion.objects.get(number=number)
            assert rows_of(version) == rows
            assert version.rows == len(rows)
        spans = sum(1 for _ in LedgerRow.objects.all())
        assert spans == sum(LedgerVersion.objects.values_list("born_rows", flat=True))
        transaction.set_rollback(True)


def edit(students, batch):
    """Opens, alters or takes away the case of a student."""
    for n, word in batch:
        found = DropoutCase.objects.filter(student=students[n]).first()
        if found is None:
            dropout(students[n], whereabouts=word)
        elif word == "无":
            found.delete()
        else:
            DropoutCase.objects.filter(pk=found.pk).update(whereabouts=word)


def test_a_rebuild_stores_only_what_changed():
    cases = [dropout(StudentFactory()) for _ in range(3)]
    build_ledger("dropout")
    DropoutCase.objects.filter(pk=cases[0].pk).update(whereabouts="外出务工")
    cases[1].delete()
    dropout(StudentFactory())

    built = build_ledger("dropout")

    version = built.version
    assert built.is_new
    assert (version.number, version.rows) == (2, 3)
    assert (version.born_rows, version.died_rows) == (2, 2)
    assert LedgerRow.objects.count() == 5


def test_a_rebuild_without_a_change_keeps_the_version():
    dropout(StudentFactory())
    first = build_ledger("dropout")

    again = build_ledger("dropout")

    assert (again.is_new, again.version) == (False, first.version)
    assert LedgerVersion.objects.count() == 1


def test_a_new_period_is_a_version_of_its_own_even_without_a_change():
    dropout(StudentFactory())
    october = build_ledger("dropout", "2026-10").version

    november = build_ledger("dropout", "2026-11").version

    assert (november.number, november.born_rows, november.died_rows) == (2, 0, 0)
    assert november.digest == october.digest
    assert LedgerRow.objects.count() == 1


def test_a_later_day_of_the_running_month_is_a_version_of_its_own():
    build_ledger("dropout", as_of=date(2026, 11, 21))

    assert build_ledger("dropout", as_of=LAST_DAY).version.number == 2


def test_the_digest_is_of_the_rows_and_of_nothing_else():
    case = dropout(StudentFactory(), whereabouts="家")
    first = build_ledger("dropout").version
    DropoutCase.objects.filter(pk=case.pk).update(whereabouts="外")
    second = build_ledger("dropout").version
    DropoutCase.objects.filter(pk=case.pk).update(whereabouts="家")
    third = build_ledger("dropout").version

    assert first.digest == third.digest != second.digest
    assert (third.number, third.born_rows, third.died_rows) == (3, 1, 1)


def test_an_earlier_period_may_be_built_again_without_harm_to_the_later_one():
    early = dropout(StudentFactory(), opened_on=date(2026, 10, 1), verified_on=date(2026, 10, 8))
    build_ledger("dropout", "2026-10")
    late = dropout(StudentFactory(), opened_on=date(2026, 11, 3), verified_on=date(2026, 11, 9))
    november = build_ledger("dropout", "2026-11").version

    again = build_ledger("dropout", "2026-10")

    assert not again.is_new
    assert set(rows_of(again.version)) == {early.pk}
    assert set(rows_of(november)) == {early.pk, late.pk}


def test_a_zero_ledger_is_a_ledger():
    version = build_ledger("dropout").version

    assert (version.rows, version.born_rows, version.died_rows) == (0, 0, 0)
    assert len(version.digest) == 64
    assert "2026—2027学年" in version.rule


def test_a_locked_period_is_left_as_it_is():
    build_ledger("dropout")
    LedgerVersion.objects.update(state=LedgerVersion.State.LOCKED)
    dropout(StudentFactory())

    with pytest.raises(PeriodIsLocked, match="2026-11 的台账已锁定"):
        build_ledger("dropout")
    assert not LedgerRow.objects.exists()
    assert build_ledger("dropout", "2026-12").version.rows == 1


@pytest.mark.parametrize("unit", ["620602199", "500113", "2162999999", "", "x"])
def test_an_unknown_unit_is_refused_in_words(unit):
    with pytest.raises(UnitUnknown, match="没有找到填报单位"):
        build_ledger("dropout", unit=unit)


def test_who_built_it_stands_in_the_version_and_in_the_audit():
    officer = county_officer(full_name="周敏")

    version = build_ledger("dropout", actor=officer).version

    entry = AuditEntry.objects.get(action="ledger.build")
    assert version.built_by_name == entry.actor_name == "周敏"
    assert (entry.target_id, entry.after["version"]) == (version.pk, 1)


def test_a_subject_has_one_living_row_whoever_writes():
    dropout(StudentFactory())
    build_ledger("dropout")
    row = LedgerRow.objects.get()
    row.pk = None

    refused = pytest.raises(IntegrityError, match="ledger_row_one_living_per_subject")
    with refused, transaction.atomic():
        row.save()


def test_rows_follow_the_order_of_the_form():
    for number in range(3):
        dropout(StudentFactory(class_group__school__code=f"216200000{3 - number}"))
    version = build_ledger("dropout").version

    rows = LedgerRow.objects.filter(county=COUNTY).standing_in(version).order_by("sort_key")
    codes = list(rows.values_list("school__code", flat=True))
    assert codes == sorted(codes)


def test_the_build_leaves_the_session_as_it_found_it():
    build_ledger("dropout")

    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)


class TestChanges:
    @pytest.fixture
    def scope(self):
        return scope_for(county_officer(), on=TODAY)

    def test_what_a_version_changed(self, scope):
        stays, alters, goes = [dropout(StudentFactory(), whereabouts="家") for _ in range(3)]
        build_ledger("dropout")
        DropoutCase.objects.filter(pk=alters.pk).update(whereabouts="外")
        goes.delete()
        comes = dropout(StudentFactory())
        version = build_ledger("dropout").version

        changes = LedgerChanges(version, scope)

        assert [row.subject_id for row in changes.new] == [comes.pk]
        assert [row.subject_id for row in changes.changed] == [alters.pk]
        assert len(changes.gone) == 1
        place = [c.title for c in KINDS["dropout"].columns].index("目前去向")
        now = changes.changed.get()
        assert (changes.before([now])[alters.pk].cells[place], now.cells[place]) == ("家", "外")
        assert stays.pk not in changes.before([now])

    def test_a_childs_own_life_in_the_ledger(self, scope):
        case = dropout(StudentFactory(), whereabouts="家")
        build_ledger("dropout", "2026-10")
        DropoutCase.objects.filter(pk=case.pk).update(whereabouts="外")
        build_ledger("dropout", "2026-11")

        rows = history(KINDS["dropout"], scope=scope, unit=COUNTY, subject_id=case.pk)

        assert [(row.born, row.died) for row in rows] == [(1, 2), (2, None)]
