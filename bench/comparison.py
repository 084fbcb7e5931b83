"""Two lists of 100,000 compared in one job, against the bare SQL join by number."""

from bench.child import clock
from bench.harness import Variant, in_turns, same
from bench.report import Goal, Report
from bench.roster import COUNTY

DATABASE = "comparison"
# Of a hundred: whom the list spells otherwise, and who is on it alone.
RENAMED, STRANGERS = 3, 5


def bench(run):
    size = run.size or 100_000
    run.servers.copy(run.demo(size), DATABASE)
    run.call("bench.comparison:fill", database=DATABASE, role="notless_worker")
    run.servers.settle(DATABASE)
    variants = [
        Variant("ours, one run", lambda _: _measured(run, "ours")),
        Variant("bare SQL join", lambda _: _measured(run, "bare")),
    ]
    done = in_turns(variants, run.rounds)
    ours, bare = done.values()
    same("findings", ours=ours.facts[0]["findings"], bare=bare.facts[0]["findings"])
    goals = [Goal("comparison: ours ÷ bare SQL join", ours.median() / bare.median(), 3, False)]
    found = ", ".join(f"{name} {count:,}" for name, count in ours.facts[0]["findings"].items())
    notes = [
        f"{ours.facts[0]['theirs']:,} entries against {ours.facts[0]['ours']:,} enrolled: {found}",
        f"ours also looks for the {STRANGERS} % strangers by name, birthday and guardian, and"
        " names every differing field; both write the findings into the same table",
    ]
    return Report("comparison", f"Comparison of {size:,} children", size, goals, variants, notes)


def _measured(run, function):
    place = f"bench.comparison:{function}"
    return run.call(place, database=DATABASE, role="notless_worker")


_ENTRIES = """
INSERT INTO students_listentry
       (county, office_list_id, sheet_no, row_no, verdict, reason, reason_cell, full_name, name_key,
        id_type, number_blind, number_mask, sex, birth_date, school_text, household_no, head_name,
        relation, guardian_name, categories, disability_type, has_card, parents, extra, matched_by)
SELECT s.county, %(list)s, 0, row_number() OVER (ORDER BY s.id), 'good', '', '',
       CASE WHEN s.id %% 100 < %(renamed)s THEN s.full_name || '儿' ELSE s.full_name END,
       s.name_key, '1',
       CASE WHEN s.id %% 100 >= 100 - %(strangers)s
            THEN decode(md5(s.id::text), 'hex') ELSE i.blind END,
       i.mask, s.sex, s.birth_date, '', '', '', '', '', '{}', '', false, '', '{}', ''
  FROM students_student s
  JOIN students_studentidentifier i
    ON i.student_id = s.id AND i.kind = 'id_number' AND i.valid_to IS NULL
 WHERE s.county = %(county)s
"""


def fill():
    """The county's own children as a police list, some renamed and some with other numbers."""
    from datetime import date

    from django.db import connection

    from core import tenancy
    from students.models import ListEntry, OfficeList

    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        office_list = OfficeList.objects.create(
            county=COUNTY,
            kind="population",
            owning_body="公安局",
            list_date=date(2026, 11, 1),
            file_name="户籍.xlsx",
            sha256="0" * 64,
            stored_as="",
            state="ready",
        )
        asked = {"list": office_list.pk, "county": COUNTY}
        cursor.execute(_ENTRIES, {**asked, "renamed": RENAMED, "strangers": STRANGERS})
        office_list.counts = {"good": ListEntry.objects.count(), "doubtful": 0}
        office_list.save(update_fields=["counts"])
    return {"seconds": 0}


def ours():
    """What the job of the comparison page does."""
    from core import tenancy
    from students.comparison import services
    from students.models import MatchRun

    run = _new_run()
    said = {}
    with clock(said):
        services.compare(county=COUNTY, run_id=run.pk)
    with tenancy.inside(COUNTY):
        counts = MatchRun.objects.get(pk=run.pk).counts
        findings = _findings("students_matchdifference", run.pk)
    return {**said, "theirs": counts["theirs"], "ours": counts["ours"], "findings": findings}


def _new_run():
    from datetime import date

    from core import tenancy
    from students.models import MatchRun, OfficeList

    with tenancy.inside(COUNTY):
        return MatchRun.objects.create(
            county=COUNTY,
            kind="population",
            office_list=OfficeList.objects.get(),
            as_of=date(2026, 11, 20),
        )


_BARE = """
INSERT INTO bench_difference
       (county, run_id, found, how, entry_id, student_id, fields, decision, decided_by_name, note)
SELECT %(county)s, 0,
       CASE WHEN o.id IS NULL THEN 'only_theirs' WHEN e.id IS NULL THEN 'only_ours'
            WHEN (e.full_name, e.birth_date, e.sex) <> (o.full_name, o.birth_date, o.sex)
            THEN 'differs' ELSE 'exact' END,
       '', e.id, o.id, '{}', 'open', '', ''
  FROM (SELECT * FROM students_listentry WHERE county = %(county)s) e
  FULL JOIN (
       SELECT s.id, s.full_name, s.birth_date, s.sex, i.blind
         FROM students_student s
         JOIN students_enrolment n ON n.student_id = s.id AND n.county = %(county)s
          AND n.valid_from <= '2026-11-20'
          AND (n.valid_to IS NULL OR n.valid_to >= '2026-11-20')
         LEFT JOIN students_studentidentifier i
                ON i.student_id = s.id AND i.kind = 'id_number' AND i.valid_to IS NULL
        WHERE s.county = %(county)s
       ) o ON o.blind = e.number_blind
"""


def bare():
    """The join by number and its result in a table of the same columns and indexes."""
    from django.db import connection

    from core import tenancy

    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        cursor.execute("DELETE FROM bench_difference")
    said = {}
    with clock(said), tenancy.inside(COUNTY), connection.cursor() as cursor:
        cursor.execute(_BARE, {"county": COUNTY})
    with tenancy.inside(COUNTY):
        return {**said, "findings": _findings("bench_difference", 0)}


def _findings(table, run):
    from django.db import connection

    with connection.cursor() as cursor:
        asked = f"SELECT found, count(*) FROM {table} WHERE run_id = %s GROUP BY 1 ORDER BY 1"
        cursor.execute(asked, [run])
        return dict(cursor.fetchall())
