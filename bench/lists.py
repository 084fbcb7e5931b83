"""A page of 50 out of 1,000,000 children: the page's own reads as the web role behind the wall,
against the same 50 rows by hand-written SQL without row security."""

import time
from datetime import date

from bench.child import clock
from bench.harness import Variant, in_turns, same
from bench.report import Goal, Report
from bench.roster import COUNTY

TODAY = date(2026, 11, 20)
REPEATS = 25
# Rows, their numbers and enrolments, categories (own and the household's), count; and the row that
# a later page begins behind.
STATEMENTS = 7

# Who asks, what is chosen, which fragment, and how many rows the page lies behind.
CASES = {
    "county, 2 characters": {"words": "梓涵"},
    "county, 2 characters, grade": {"words": "晓明", "grade": "13"},
    "township, 2 characters, grade": {"who": "township", "words": "梓涵", "grade": "12"},
    "school, 2 characters": {"who": "school", "words": "欣怡"},
    "county, one name": {"words": "王梓涵"},
    "county, first page": {},
    "county, behind half of all": {"depth": 0.5},
    "township, grade": {"who": "township", "grade": "14"},
}


def bench(run):
    size = run.size or 1_000_000
    run.fresh("lists", schools_for=size)
    run.call("bench.crowd:fill", database="lists", children=size)
    run.servers.settle("lists")
    variants = [
        Variant("page", lambda _: _measured(run, "page", "notless_web")),
        Variant("bare SQL", lambda _: _measured(run, "bare", "notless_worker")),
        Variant("Django Paginator", lambda _: _measured(run, "paginator", "notless_worker")),
    ]
    done = in_turns(variants, run.rounds)
    page, bare = done["page"], done["bare SQL"]
    for name in CASES:
        same(f"rows of {name}", page=_rows(page, name), bare=_rows(bare, name))
    ratios = {name: page.median(name) / bare.median(name) for name in CASES}
    goals = [
        Goal(f"{name}: page's SQL ÷ bare SQL", ratio, 5, at_least=False)
        for name, ratio in ratios.items()
    ]
    goals.append(Goal("most statements of any page", page.most("queries"), STATEMENTS, False, ""))
    title = f"List page of 50 out of {size:,} children, web role, row security on"
    return Report("list", title, size, goals, variants, [_note(done, name) for name in CASES])


def _note(done, name):
    page, bare, paginator = (done[one] for one in ("page", "bare SQL", "Django Paginator"))
    return (
        f"{name}: page {page.median(name):.1f} ms of SQL ({page.median(name + ' in all'):.1f} ms"
        f" with Python), bare SQL {bare.median(name):.1f} ms,"
        f" Django Paginator {paginator.median(name):.1f} ms of SQL"
    )


def _measured(run, function, role):
    return run.call(f"bench.lists:{function}", database="lists", role=role)


def _rows(variant, case):
    return variant.facts[0]["rows"][case]


def page():
    """As `students.views.listing.StudentList` reads: rows, count, what the usual columns say."""
    from django.http import QueryDict

    from core import paging
    from students.listing import columns
    from students.listing.selection import Selection
    from students.queries import children
    from students.search import Search

    def read(case, scope, after):
        search = Search(words=case["words"]) if "words" in case else None
        selection = Selection(_chosen(case), search=search)
        rows = selection.rows(scope, on=TODAY)
        count = None if scope.whole_county(children.VIEW) else rows.count()
        asked = QueryDict(f"after={after}" if after else "")
        found = paging.page(children.for_list(rows), by=selection.keys, asked=asked, count=count)
        columns.lines(found.rows, list(columns.USUAL), on=TODAY)
        return [student.pk for student in found.rows]

    return _time_cases(read)


_BARE = """
WITH found AS MATERIALIZED (
    SELECT s.id, s.full_name, s.sex, s.birth_date, s.grade, s.name_key, s.school_id,
           s.class_group_id
      FROM students_student s WHERE {where} {behind} {order}
)
SELECT s.*, school.name, class.entry_year, class.number, i.mask, e.status, words.words
  FROM (SELECT * FROM found ORDER BY name_key, id LIMIT 51) s
  LEFT JOIN schools_school school ON school.id = s.school_id
  LEFT JOIN schools_classgroup class ON class.id = s.class_group_id
  LEFT JOIN students_studentidentifier i
         ON i.student_id = s.id AND i.kind = 'id_number' AND i.valid_to IS NULL
  LEFT JOIN students_enrolment e
         ON e.student_id = s.id AND e.valid_from <= %(day)s
        AND (e.valid_to IS NULL OR e.valid_to >= %(day)s)
  LEFT JOIN LATERAL (
       SELECT array_agg(t.short_name ORDER BY t.sort) AS words
         FROM students_personcategory c JOIN students_categorytype t ON t.code = c.type_id
        WHERE c.student_id = s.id AND NOT t.is_sensitive AND c.valid_from <= %(day)s
          AND (c.valid_to IS NULL OR c.valid_to >= %(day)s)) words ON true
 ORDER BY s.name_key, s.id
"""
_BARE_COUNT = "SELECT count(*) FROM (SELECT FROM students_student s WHERE {where} LIMIT 10001) s"


def bare():
    """What one would write by hand: without row security, each search through its best index."""
    from django.db import connection

    from core import names

    def read(case, scope, after):
        conditions = {"county": "s.county = %(county)s AND s.merged_into_id IS NULL"}
        values = {"county": COUNTY, "day": TODAY, **_chosen(case)}
        if "words" in case:
            conditions["words"] = "s.name_tokens @> %(words)s"
            values["words"] = names.query_tokens(case["words"])
        reach = scope.grants[0]
        if len(reach.region) == 9:
            conditions["town"], values["town"] = "s.township = %(town)s", reach.region
        if reach.school:
            conditions["school"], values["school"] = "s.school_id = %(school)s", reach.school
        if "grade" in case:
            conditions["grade"] = "s.grade = %(grade)s"
        where = " AND ".join(conditions.values())
        behind = order = ""
        with connection.cursor() as cursor:
            if after:
                cursor.execute("SELECT name_key FROM students_student WHERE id = %s", [after])
                values |= {"key": cursor.fetchone()[0], "after": after}
                behind = "AND (s.name_key, s.id) > (%(key)s, %(after)s)"
            if "words" not in case:
                # The order's own index: stop at 51 instead of sorting everybody.
                order = "ORDER BY s.name_key, s.id LIMIT 51"
            cursor.execute(_BARE.format(where=where, behind=behind, order=order), values)
            rows = cursor.fetchall()[:50]
            cursor.execute(_BARE_COUNT.format(where=where), values)
        return [row[0] for row in rows]

    return _time_cases(read)


def paginator():
    """Django's own pages: LIKE, an exact count, OFFSET."""
    from django.core.paginator import Paginator

    from students.models import Student

    def read(case, scope, after):
        reach = scope.grants[0]
        rows = Student.objects.filter(county=COUNTY, merged_into=None, **_chosen(case))
        if len(reach.region) == 9:
            rows = rows.filter(township=reach.region)
        if reach.school:
            rows = rows.filter(school=reach.school)
        if "words" in case:
            rows = rows.filter(full_name__contains=case["words"])
        rows = rows.order_by("name_key", "pk").select_related("school", "class_group")
        pages = Paginator(rows, 50)
        number = int(pages.num_pages * case.get("depth", 0)) + 1
        return [student.pk for student in pages.page(number)]

    return _time_cases(read, repeats=3)


def _chosen(case):
    return {"grade": case["grade"]} if "grade" in case else {}


def _time_cases(read, repeats=REPEATS):
    """By case: milliseconds in the database, and in all; the best of some repetitions, since what
    disturbs a statement of a few milliseconds only ever adds."""
    from core import tenancy

    said = {"rows": {}, "queries": 0}
    with clock(said), tenancy.inside(COUNTY):
        scopes = _scopes()
        for name, case in CASES.items():
            asked = case, scopes[case.get("who", "county")], _pivot(case)
            with _Statements() as statements:
                said["rows"][name] = read(*asked)
            said["queries"] = max(said["queries"], len(statements.milliseconds))
            times = [_timed(read, *asked) for _ in range(repeats)]
            said[name] = min(in_database for in_database, _ in times)
            said[f"{name} in all"] = min(in_all for _, in_all in times)
    return said


def _timed(read, *asked):
    with _Statements() as statements:
        began = time.perf_counter()
        read(*asked)
        in_all = (time.perf_counter() - began) * 1000
    return sum(statements.milliseconds), in_all


def _scopes():
    from core.access import Permission, Reach, Scope
    from schools.models import School

    place = School.objects.order_by("pk")[1]
    may = frozenset({Permission.STUDENT_VIEW})
    reaches = {
        "county": Reach(may, region=COUNTY),
        "township": Reach(may, region=place.township_id),
        "school": Reach(may, school=place.pk),
    }
    return {who: Scope(COUNTY, (reach,)) for who, reach in reaches.items()}


def _pivot(case):
    from students.models import Student

    if "depth" not in case:
        return None
    rows = Student.objects.filter(county=COUNTY).order_by("name_key", "pk")
    return rows.values_list("pk", flat=True)[int(rows.count() * case["depth"])]


class _Statements:
    """What each statement took, from sending it to holding its rows."""

    def __enter__(self):
        from django.db import connection

        self.milliseconds = []
        self._wrapping = connection.execute_wrapper(self._time)
        self._wrapping.__enter__()
        return self

    def __exit__(self, *failure):
        self._wrapping.__exit__(*failure)

    def _time(self, execute, statement, values, many, context):
        began = time.perf_counter()
        answer = execute(statement, values, many, context)
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        return answer
