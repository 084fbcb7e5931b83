"""Anybody does anything in any order, through the real services on the real database.

Hypothesis looks for an order of deeds after which something that must always hold does not.
"""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from casework import services
from casework.models import CaseEvent, CaseSignature, DropoutCase
from casework.models.signature import SignatureLine
from casework.queries.standing import digest_of
from casework.services.rebuild import differences
from casework.states import (
    OPEN_STATES,
    SIGNED_STATES,
    VISIT_KINDS,
    Action,
    CaseState,
    TransitionRefused,
    VisitOutcome,
    is_step,
)
from core.models import AuditEntry
from schools.models import DeadlineRule
from students.models import Transfer
from students.transfers import services as transfers
from students.transfers.services import Destination
from students.transfers.states import TransferRefused
from tests.casework.walks import who
from tests.factories import (
    SchoolFactory,
    StudentFactory,
    county_officer,
    school_head,
    township_officer,
)

FIRST = date(2026, 9, 8)
PLACEMENTS = st.sampled_from(["RP01", "RP02", "RP08", "RP11", "RP99", ""])
WAYS = st.lists(st.integers(0, 11), max_size=7)
SHORTEST_STEP = timedelta(days=1)


class Casework(RuleBasedStateMachine):
    """One child, a county officer, a head, a township officer; each deed a day after the last."""

    @initialize(choices=WAYS)
    def begin(self, choices):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        # Three checks would make the ends rare: the number is the county's to set.
        DeadlineRule.objects.create(
            county="620602", code="observation_checks", value=1, valid_from=date(2026, 9, 1)
        )
        self.student = StudentFactory()
        self.other_school = SchoolFactory()
        self.county = who(county_officer(), on=FIRST)
        self.head = who(school_head(self.student.school), on=FIRST)
        self.township = who(township_officer(self.student.township), on=FIRST)
        self.today = FIRST
        self.done = 0
        self.try_(services.open_case, student_id=self.student.pk, opened_on=FIRST, source="school")
        self.go_on(choices)

    def teardown(self):
        if hasattr(self, "outer"):
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def try_(self, deed, *, by=None, **asked):
        """A refused deed writes nothing at all."""
        before = self.written()
        try:
            deed(**(by or self.county), today=self.today, **asked)
        except (TransitionRefused, DropoutCase.DoesNotExist):
            assert self.written() == before
        else:
            self.done += 1
        self.today += SHORTEST_STEP

    def written(self):
        tables = (DropoutCase, CaseEvent, CaseSignature, AuditEntry)
        rows = DropoutCase.objects.order_by("pk").values_list()
        return [*(table.objects.count() for table in tables), list(rows)]

    @property
    def case(self):
        return DropoutCase.objects.order_by("-pk").first()

    def act(self, deed, **asked):
        self.try_(deed, case_id=self.case.pk, **asked)

    @rule(result=st.sampled_from(["C01", "C01", "C01", "U01", "X03"]), evidence=st.booleans())
    def verify(self, result, evidence):
        self.act(
            services.verify_case,
            verified_on=self.today,
            result=result,
            verified_by="李老师",
            evidence="在读证明" if evidence else "",
            main_cause="R02",
            dropped_out_on=FIRST,
        )

    @rule(action=st.sampled_from([Action.PERSUADE, Action.ESCALATE, Action.OBSERVE]))
    def advance(self, action):
        self.act(services.advance_case, action=action, on=self.today)

    @rule(outcome=st.sampled_from(VisitOutcome), late=st.integers(0, 3), data=st.data())
    def visit(self, outcome, late, data):
        kinds = VISIT_KINDS.get(CaseState(self.case.state)) or VISIT_KINDS[CaseState.SUSPECTED]
        visited_on = self.today - timedelta(days=late)
        self.act(
            services.log_home_visit,
            client_uuid=uuid4(),
            visited_on=visited_on,
            kind=data.draw(st.sampled_from(kinds)),
            outcome=outcome,
            visitors="班主任",
        )

    @rule(placement=PLACEMENTS)
    def come_back(self, placement):
        self.act(services.return_student, returned_on=self.today, placement=placement)

    @rule(placement=PLACEMENTS)
    def settle(self, placement):
        self.act(services.settle_placement, on=self.today, placement=placement)

    @rule(placement=PLACEMENTS, proof=st.sampled_from(["", "安置决定12号"]))
    def place(self, placement, proof):
        self.act(services.place_student, on=self.today, placement=placement, ending_proof=proof)

    @rule()
    def send_away(self):
        to = Destination(school=self.other_school)
        if self.student.school_id == self.other_school.pk:
            return
        try:
            transfers.send(
                **self.county, student_id=self.student.pk, to=to, reason="搬迁", now=self.now
            )
        except TransferRefused:
            return
        self.act(services.await_receipt, on=self.today)

    @rule(answer=st.sampled_from(["accept", "send_back", "withdraw", "overdue"]))
    def answer(self, answer):
        sent = Transfer.objects.still_open().filter(student=self.student).first()
        asked = {**self.county, "now": self.now}
        try:
            if sent and answer == "accept":
                transfers.accept(**asked, transfer_id=sent.pk, entered_on=self.today)
            elif sent and answer == "send_back":
                transfers.send_back(**asked, transfer_id=sent.pk, answer="已满员")
            elif sent and answer == "withdraw":
                transfers.withdraw(**asked, transfer_id=sent.pk)
            elif sent:
                transfers.mark_overdue(today=sent.due_on + SHORTEST_STEP)
        except TransferRefused:
            pass
        self.student.refresh_from_db()

    @property
    def now(self):
        return timezone.make_aware(datetime.combine(self.today, datetime.min.time()))

    @rule()
    def ask_for_the_receipt(self):
        self.act(services.take_receipt)

    @rule()
    def night(self):
        services.take_receipts(today=self.today)

    @rule()
    def relapse(self):
        self.act(services.record_relapse, on=self.today)

    @rule(proof=st.sampled_from(["", "户籍证明"]))
    def propose(self, proof):
        self.act(services.propose_lapse, on=self.today, lapse_reason="died", ending_proof=proof)

    @rule()
    def withdraw(self):
        self.act(services.withdraw_lapse, on=self.today)

    @rule(
        line=st.sampled_from(SignatureLine),
        person=st.sampled_from(["head", "township", "county"]),
        read=st.booleans(),
    )
    def sign(self, line, person, read):
        def deed(*, today, **asked):
            services.sign_ending(**asked, now=self.now)

        digest = digest_of(self.case) if read else b"another statement"
        self.act(deed, by=getattr(self, person), line=line, digest=digest)

    @rule()
    def sign_as_asked(self):
        """Both people do what the page asks them to, so that ends are reached often."""
        for line, person in zip(SignatureLine, ("head", "township"), strict=True):
            self.sign(line, person, True)

    @rule(choices=WAYS)
    def go_on(self, choices):
        """What is done next in life, by one way or another: by chance alone few cases would end."""
        for choice in choices:
            case = self.case
            ways = [self.sign_and_end] if case.lapse_reason else self.ways(CaseState(case.state))
            ways[choice % len(ways)]()

    def ways(self, state):
        lapse, away = (lambda: self.propose("户籍证明")), self.send_away
        placed = lambda: self.place("RP08", "安置决定12号")  # noqa: E731
        back = lambda: self.come_back("RP02")  # noqa: E731
        forward = {
            CaseState.SUSPECTED: [lambda: self.verify("C01", False)],
            CaseState.CONFIRMED: [back, lambda: self.advance(Action.PERSUADE), placed, away],
            CaseState.PERSUADING: [back, lambda: self.advance(Action.ESCALATE), placed, lapse],
            CaseState.ESCALATED: [back, placed, lapse],
            CaseState.RETURNED: [self.look_and_settle, self.look_and_settle, self.relapse, away],
            CaseState.OBSERVING: [self.sign_and_end],
            CaseState.PLACED: [self.sign_and_end, self.relapse],
            CaseState.TRANSFERRED: [self.be_answered],
        }
        return forward.get(state, [lambda: None])

    def be_answered(self):
        self.answer("accept")
        self.night()

    def look_and_settle(self):
        self.settle("RP01")
        self.act(
            services.log_home_visit,
            client_uuid=uuid4(),
            visited_on=self.today,
            kind="observation",
            outcome="back",
            visitors="班主任",
        )

    def sign_and_end(self):
        self.sign_as_asked()
        self.act(
            services.lapse_case if self.case.lapse_reason else services.close_case,
            closed_on=self.today,
        )

    @rule(by=st.sampled_from(["county", "head"]))
    def close(self, by):
        self.act(services.close_case, by=getattr(self, by), closed_on=self.today)

    @rule()
    def lapse(self):
        self.act(services.lapse_case, closed_on=self.today)

    @precondition(lambda self: self.case.state not in OPEN_STATES)
    @rule()
    def open_again(self):
        asked = {"student_id": self.student.pk, "opened_on": self.today, "source": "school"}
        self.try_(services.open_case, **asked)

    @invariant()
    def the_stored_rows_are_what_their_events_tell(self):
        assert differences() == []

    @invariant()
    def a_child_has_one_open_case_at_most(self):
        cases = DropoutCase.objects.all()
        assert cases.still_open().count() <= 1
        for later in cases.exclude(previous_case=None):
            assert not later.previous_case.is_open

    @invariant()
    def no_case_ends_without_its_ground_and_both_signatures(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for case in DropoutCase.objects.filter(state__in=SIGNED_STATES):
            given = list(case.signatures.standing())
            assert {one.line for one in given} == set(SignatureLine.values)
            assert len({one.person_id for one in given}) == 2
            assert case.placement if case.state == CaseState.CLOSED else case.lapse_reason

    @invariant()
    def the_way_stands_in_the_tables(self):
        for event in CaseEvent.objects.exclude(action=Action.OPEN):
            before, to = CaseState(event.from_state), CaseState(event.to_state)
            assert is_step(before, Action(event.action), to), event

    @invariant()
    def a_case_never_moves_back_in_time(self):
        for case in DropoutCase.objects.all():
            moved = [e for e in case.events.order_by("pk") if e.from_state != e.to_state]
            days = [event.happened_on for event in moved]
            assert days == sorted(days)


@pytest.mark.django_db
def test_whatever_people_do_the_life_of_a_case_stays_whole():
    run_state_machine_as_test(
        Casework,
        settings=settings(
            max_examples=16,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
