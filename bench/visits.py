"""A visit posted by 16 phones at once: through gunicorn, against the bare transaction that leaves
the same rows, by as many psycopg2 connections. Neither has a photo."""

import json
import threading
import time
import uuid
from datetime import date, timedelta
from http.client import HTTPConnection

from bench.harness import Variant, in_turns, same
from bench.pulls import serving
from bench.report import Goal, Report
from bench.roster import COUNTY

BASE, POSTED = "visits_base", "visits"
CLIENTS = 16
OPENED, VISITED = date(2026, 9, 20), date(2026, 10, 8)
OPS = "/cases/phone/ops/"
CONTENT = {
    "visited_on": VISITED.isoformat(),
    "visit_kind": "persuasion",
    "outcome": "talked",
    "visitors": "李老师、村干部",
    "people_met": "祖母",
    "study": "落下两个月的功课",
    "findings": "父母在外务工，孩子由祖母照看，愿意再谈。",
    "advice": "每周联系一次",
    "next_visit_on": (VISITED + timedelta(days=14)).isoformat(),
}


def bench(run):
    posts = run.size or 1600
    run.fresh(BASE, schools_for=2000)
    run.call("bench.crowd:fill", database=BASE, children=2000)
    run.call("bench.visits:open_cases", database=BASE)
    run.servers.settle(BASE)
    variants = [
        Variant("ours: POST to gunicorn", lambda _: _posted(run, posts)),
        Variant("bare transaction by psycopg2", lambda _: _bare(run, posts)),
    ]
    done = in_turns(variants, run.rounds)
    ours, bare = done.values()
    same("rows", ours=ours.facts[0]["rows"], bare=bare.facts[0]["rows"])
    goals = [
        Goal("a visit, p95 of 16 clients: ours ÷ bare", ours.median() / bare.median(), 4, False)
    ]
    notes = [
        f"{posts:,} visits; p50 {1000 * ours.median('p50'):.0f} ms against"
        f" {1000 * bare.median('p50'):.0f} ms, {ours.median('per second'):.0f} visits a second"
        f" against {bare.median('per second'):.0f}",
        "both lock the child and its case, number the visit, write it with its version, the"
        " phone's operation, event, trail and the next task; both wait for the disk",
        "ours also reads request, session, person and grants, and answers in JSON",
    ]
    title = f"{posts:,} visits from {CLIENTS} phones at once"
    return Report("visits", title, posts, goals, variants, notes)


# -- the rows there are before -------------------------------------------------------------------

_CASES = """
INSERT INTO casework_dropoutcase
       (county, student_id, state, school_at_opening_id, source, sent_down_batch, opened_on,
        state_since, suspicion, verification_result, verified_by, evidence, causes, main_cause,
        whereabouts, placement, lapse_reason, ending_proof, created_at)
SELECT county, id, 'persuading', school_id, 'school', '', %(opened)s, %(opened)s, '', 'C01', '',
       '', '{}', 'R02', '', '', '', '', now()
  FROM students_student
"""
_TASKS = """
INSERT INTO casework_casetask
       (county, case_id, kind, line, about, words, set_on, due_on, created_at)
SELECT county, id, 'persuade_visit', 'education', '', '', opened_on, opened_on + 14, now()
  FROM casework_dropoutcase
"""


def open_cases():
    from django.db import connection

    from core import tenancy

    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        cursor.execute(_CASES, {"opened": OPENED})
        cursor.execute(_TASKS)
    return {"seconds": 0}


# -- ours ------------------------------------------------------------------------------------------


def _posted(run, posts):
    run.servers.copy(BASE, POSTED)
    phones = run.call("bench.visits:sign_in", database=POSTED, clients=CLIENTS)["phones"]
    with serving(run, "notless_web", "config.settings", database=POSTED) as address:
        asked = {"address": address, "phones": phones, "posts": posts}
        return run.call("bench.visits:post", database=POSTED, **asked)


def sign_in(clients):
    """A session for each teacher, and the children of the whole county dealt out among them."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import Grant, User
    from accounts.roles import Role
    from core import tenancy
    from schools.models import Division

    phones = []
    with tenancy.inside(COUNTY):
        division, children = Division.objects.get(pk=COUNTY), _children()
        for number in range(clients):
            user = User.objects.create(username=f"phone-{number}", full_name="李老师", password="!")
            Grant.objects.create(
                user=user,
                role=Role.COUNTY_OFFICER,
                division=division,
                valid_from=date(2026, 1, 1),
            )
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            phones.append({"session": cookie, "children": children[number::clients]})
    return {"seconds": 0, "phones": phones}


def _children():
    from casework.models import DropoutCase

    rows = DropoutCase.objects.order_by("pk").values_list("student", "pk")
    return [list(row) for row in rows]


def post(address, phones, posts):
    def client(number):
        phone = phones[number]
        line = HTTPConnection(*address, timeout=60)
        headers = _sign_on(line, phone["session"])

        def one(turn):
            student, case = phone["children"][turn % len(phone["children"])]
            body = json.dumps(_body(student, case), ensure_ascii=False).encode()
            line.request("POST", OPS, body, headers)
            answer = line.getresponse()
            told = json.loads(answer.read())
            assert told["answers"][0]["verdict"] == "accepted", told

        # The server hangs up on a line that waits for the others; it opens anew by itself.
        return one, line.close

    return _clocked(client, posts)


def _sign_on(line, session):
    line.request("GET", "/cases/phone/me/", headers={"Cookie": f"sessionid={session}"})
    answer = line.getresponse()
    told = json.loads(answer.read())
    assert answer.status == 200, told
    csrf = told["csrf"]
    cookies = [each.split(";")[0] for each in answer.headers.get_all("Set-Cookie") or []]
    return {
        "Cookie": "; ".join([f"sessionid={session}", *cookies]),
        "X-CSRFToken": csrf,
        "Content-Type": "application/json",
    }


def _body(student, case):
    op = {"op": str(uuid.uuid4()), "kind": "visit", "visit": str(uuid.uuid4()), "seq": 1}
    op |= {"base": None, "claimed_at": "2026-10-08T12:00:00+08:00", "student": student}
    op |= {"case": case, "content": CONTENT, "photos": []}
    return {"phone": str(uuid.uuid4()), "sent_at": None, "ops": [op]}


# -- the bare transaction --------------------------------------------------------------------------

_READS = (
    "SELECT set_config('app.county', %(county)s, true)",
    "SELECT id FROM students_student WHERE id = %(student)s FOR UPDATE",
    "SELECT id FROM casework_dropoutcase WHERE id = %(case)s FOR UPDATE",
)
_WRITES = (
    """INSERT INTO casework_homevisit
              (client_uuid, county, case_id, student_id, kind, visited_on, attempt_no, visitors,
               people_met, outcome, study, health, lighting, goods, findings, advice,
               next_visit_on, content_hash, version, logged_by, logged_by_name, logged_at)
       VALUES (%(visit)s, %(county)s, %(case)s, %(student)s, %(visit_kind)s, %(visited_on)s,
               (SELECT coalesce(max(attempt_no), 0) + 1 FROM casework_homevisit
                 WHERE case_id = %(case)s),
               %(visitors)s, %(people_met)s, %(outcome)s, %(study)s, '', '', '', %(findings)s,
               %(advice)s, %(next_visit_on)s, %(digest)s, 1, 1, %(visitors)s, now())""",
    """INSERT INTO casework_visitversion
              (county, visit_id, number, base, merged, changed, content, op, phone, seq,
               claimed_at, written_at, written_by, written_by_name)
       VALUES (%(county)s, %(visit)s, 1, 0, '{}', '{}', %(content)s, %(op)s, %(phone)s, 1,
               now(), now(), 1, %(visitors)s)""",
    """INSERT INTO casework_phoneop
              (op, county, kind, visit_uuid, person_id, person_name, phone, seq, claimed_student,
               claimed_case, content, photos, digest, claimed_at, received_at, verdict, status,
               version, words, fields)
       VALUES (%(op)s, %(county)s, 'visit', %(visit)s, 1, %(visitors)s, %(phone)s, 1,
               %(student)s, %(case)s, %(content)s, '[]', %(digest)s, now(), now(), 'accepted',
               201, 1, '', '{}')""",
    """INSERT INTO casework_caseevent
              (county, case_id, at, happened_on, action, from_state, to_state, detail, note,
               actor_id, actor_name)
       VALUES (%(county)s, %(case)s, now(), %(visited_on)s, 'visit', 'persuading', 'persuading',
               %(detail)s, '', 1, %(visitors)s)""",
    """INSERT INTO core_auditentry
              (county, at, actor_id, actor_name, action, target_type, target_id, before, after,
               purpose)
       VALUES (%(county)s, now(), 1, %(visitors)s, 'case.visit', 'casework.dropoutcase',
               %(case)s, '{}', %(detail)s, '')""",
    """UPDATE casework_casetask SET done_on = %(visited_on)s
        WHERE case_id = %(case)s AND done_on IS NULL""",
    """INSERT INTO casework_casetask
              (county, case_id, kind, line, about, words, set_on, due_on, created_at)
       VALUES (%(county)s, %(case)s, 'persuade_visit', 'education', '', '', %(visited_on)s,
               %(next_visit_on)s, now())""",
)


def _bare(run, posts):
    run.servers.copy(BASE, POSTED)
    return run.call("bench.visits:write", database=POSTED, role="notless_web", posts=posts)


def write(posts):
    import psycopg2
    from django.db import connection
    from psycopg2.extras import register_uuid

    register_uuid()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.county', %s, false)", [COUNTY])
    children = _children()
    asked = connection.get_connection_params()
    names = ("dbname", "user", "host", "port", "password")
    place = {name: asked[name] for name in names if asked.get(name)}

    def client(number):
        own = children[number::CLIENTS]
        line = psycopg2.connect(**place)

        def one(turn):
            student, case = own[turn % len(own)]
            values = _values(student, case)
            with line, line.cursor() as cursor:
                for statement in (*_READS, *_WRITES):
                    cursor.execute(statement, values)

        return one, lambda: None

    return _clocked(client, posts)


def _values(student, case):
    visit, op = uuid.uuid4(), uuid.uuid4()
    content = json.dumps(CONTENT, ensure_ascii=False)
    detail = json.dumps({"visit": str(visit), "kind": "persuasion", "outcome": "talked"})
    keys = {"county": COUNTY, "student": student, "case": case, "visit": visit, "op": op}
    return {**CONTENT, **keys, "phone": op, "content": content, "detail": detail, "digest": b"0"}


# -- both ------------------------------------------------------------------------------------------


def _clocked(client, posts):
    """Each of CLIENTS does its share, one after the other; seconds is the 95th percentile."""
    took, failed, ready = [], [], threading.Barrier(CLIENTS + 1)

    def run(number):
        try:
            one, pause = client(number)
            one(0)  # whatever is loaded at first is loaded before the clock starts
            pause()
            ready.wait()
            for turn in range(1, posts // CLIENTS + 1):
                began = time.perf_counter()
                one(turn)
                took.append(time.perf_counter() - began)
        except BaseException as fault:
            failed.append(fault)
            ready.abort()
            raise

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - began
    if failed:
        raise failed[0]
    took.sort()
    return {
        "seconds": took[int(0.95 * len(took))],
        "p50": took[len(took) // 2],
        "per second": len(took) / whole,
        "rows": _rows(),
    }


def _rows():
    """How many stand in each table the visit writes to, alike for both."""
    from django.db import connection

    names = ("homevisit", "visitversion", "phoneop", "caseevent", "casetask")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.county', %s, false)", [COUNTY])
        counts = []
        for name in names:
            cursor.execute(f"SELECT count(*) FROM casework_{name}")
            counts.append(cursor.fetchone()[0])
    return counts
