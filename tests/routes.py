"""What each route asks for, kept by hand, and the routes there really are.

tests/test_permissions.py compares the two and tries every route as every role at every place.
"""

from dataclasses import dataclass

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from core.access import Permission as P

OPEN = None
ROUTES = {
    "home": P.HOME_VIEW,
    "audit-list": P.AUDIT_VIEW,
    "schema": P.LEDGER_PULL,
    "api-docs": P.LEDGER_PULL,
    "healthz": OPEN,
    "readyz": OPEN,
    "accounts:sign-in": OPEN,
    "accounts:sign-out": OPEN,
    "accounts:county-choose": OPEN,
    "accounts:password-change": P.OWN_ACCOUNT,
    "accounts:keys-switch": P.OWN_ACCOUNT,
    "accounts:notice-list": P.OWN_ACCOUNT,
    "accounts:notice-read": P.OWN_ACCOUNT,
    "accounts:notices-read": P.OWN_ACCOUNT,
    "accounts:token-list": P.TOKEN_MANAGE,
    "accounts:token-new": P.TOKEN_MANAGE,
    "accounts:token-revoke": P.TOKEN_MANAGE,
    "accounts:user-list": P.USER_MANAGE,
    "accounts:user-new": P.USER_MANAGE,
    "accounts:user-detail": P.USER_MANAGE,
    "accounts:user-reset": P.USER_MANAGE,
    "accounts:user-disable": P.USER_MANAGE,
    "accounts:user-enable": P.USER_MANAGE,
    "accounts:grant-new": P.USER_MANAGE,
    "accounts:grant-end": P.USER_MANAGE,
    "core:job-list": P.JOB_VIEW,
    "core:job-detail": P.JOB_VIEW,
    "core:job-cancel": P.JOB_VIEW,
    "students:student-list": P.STUDENT_VIEW,
    "students:student-search": P.STUDENT_VIEW,
    "students:list-columns": P.STUDENT_VIEW,
    "students:list-widths": P.STUDENT_VIEW,
    "students:student-peek": P.STUDENT_VIEW,
    "students:view-save": P.STUDENT_VIEW,
    "students:view-edit": P.STUDENT_VIEW,
    "students:view-change": P.STUDENT_VIEW,
    "students:view-remove": P.STUDENT_VIEW,
    "students:view-restore": P.STUDENT_VIEW,
    "students:bulk-undo": P.STUDENT_EDIT,
    "students:download-new": P.STUDENT_VIEW,
    "students:download-detail": P.STUDENT_VIEW,
    "students:download-file": P.STUDENT_VIEW,
    "students:bulk-new": P.STUDENT_EDIT,
    "students:bulk-detail": P.STUDENT_EDIT,
    "students:bulk-commit": P.STUDENT_EDIT,
    "casework:cases-from-list": P.CASE_OPEN,
    "casework:list-openings": P.CASE_OPEN,
    "casework:list-openings-commit": P.CASE_OPEN,
    "students:student-detail": P.STUDENT_VIEW,
    "students:student-edit": P.STUDENT_EDIT,
    "students:student-new": P.STUDENT_EDIT,
    "students:number-new": P.STUDENT_EDIT,
    "students:guardian-new": P.STUDENT_EDIT,
    "students:guardian-edit": P.STUDENT_EDIT,
    "students:guardian-end": P.STUDENT_EDIT,
    "students:household-join": P.STUDENT_EDIT,
    "students:household-leave": P.STUDENT_EDIT,
    "students:number-reveal": P.IDENTITY_REVEAL,
    "students:phone-reveal": P.IDENTITY_REVEAL,
    "students:list-list": P.ROSTER_IMPORT,
    "students:list-new": P.ROSTER_IMPORT,
    "students:list-detail": P.ROSTER_IMPORT,
    "students:list-confirm": P.ROSTER_IMPORT,
    "students:list-apply": P.ROSTER_IMPORT,
    "students:list-discard": P.ROSTER_IMPORT,
    "students:conflict-list": P.ROSTER_IMPORT,
    "students:conflict-decide": P.ROSTER_IMPORT,
    "students:comparison-list": P.ROSTER_IMPORT,
    "students:comparison-new": P.ROSTER_IMPORT,
    "students:comparison-detail": P.ROSTER_IMPORT,
    "students:comparison-decide": P.ROSTER_IMPORT,
    "students:comparison-students": P.ROSTER_IMPORT,
    "casework:cases-from-comparison": P.CASE_OPEN,
    "students:import-list": P.ROSTER_IMPORT,
    "students:import-new": P.ROSTER_IMPORT,
    "students:import-detail": P.ROSTER_IMPORT,
    "students:import-columns": P.ROSTER_IMPORT,
    "students:import-template": P.ROSTER_IMPORT,
    "students:profile-list": P.ROSTER_IMPORT,
    "students:profile-forget": P.ROSTER_IMPORT,
    "students:import-row": P.ROSTER_IMPORT,
    "students:import-reveal": P.IDENTITY_REVEAL,
    "students:import-correct-all": P.ROSTER_IMPORT,
    "students:import-cells": P.ROSTER_IMPORT,
    "students:import-uncorrect": P.ROSTER_IMPORT,
    "students:import-recorrect": P.ROSTER_IMPORT,
    "students:import-recheck": P.ROSTER_IMPORT,
    "students:import-commit": P.ROSTER_IMPORT,
    "students:import-discard": P.ROSTER_IMPORT,
    "students:import-rejected": P.ROSTER_IMPORT,
    "students:import-book": P.ROSTER_IMPORT,
    "students:import-book-file": P.ROSTER_IMPORT,
    "students:import-undo": P.ROSTER_IMPORT,
    "ledgers:ledger-list": P.LEDGER_VIEW,
    "ledgers:ledger-build": P.LEDGER_BUILD,
    "ledgers:ledger-detail": P.LEDGER_VIEW,
    "ledgers:ledger-changes": P.LEDGER_VIEW,
    "ledgers:ledger-export": P.LEDGER_EXPORT,
    "ledgers:ledger-export-full": P.IDENTITY_REVEAL,
    "api:ledger-directory": P.LEDGER_PULL,
    "api:ledger-rows": P.LEDGER_PULL,
    "students:duplicate-list": P.STUDENT_EDIT,
    "students:duplicate-find": P.STUDENT_EDIT,
    "students:duplicate-detail": P.STUDENT_EDIT,
    "students:duplicate-merge": P.STUDENT_EDIT,
    "students:duplicate-reject": P.STUDENT_EDIT,
    "students:duplicate-undo": P.STUDENT_EDIT,
    "students:rollover-list": P.STUDENT_ROLL_OVER,
    "students:rollover-new": P.STUDENT_ROLL_OVER,
    "students:rollover-detail": P.STUDENT_ROLL_OVER,
    "students:rollover-commit": P.STUDENT_ROLL_OVER,
    "students:rollover-undo": P.STUDENT_ROLL_OVER,
    "students:rollover-promise": P.STUDENT_ROLL_OVER,
    "students:transfer-list": P.STUDENT_VIEW,
    "students:transfer-new": P.STUDENT_EDIT,
    "students:transfer-detail": P.STUDENT_VIEW,
    "students:transfer-accept": P.STUDENT_EDIT,
    "students:transfer-refuse": P.STUDENT_EDIT,
    "students:transfer-withdraw": P.STUDENT_EDIT,
    "students:offer-list": P.STUDENT_VIEW,
    "students:offer-detail": P.STUDENT_VIEW,
    "students:offer-accept": P.STUDENT_EDIT,
    "students:offer-refuse": P.STUDENT_EDIT,
    "casework:cases-from-transfers": P.CASE_OPEN,
    "casework:cases-from-leavers": P.CASE_OPEN,
    "casework:paper-list": P.CASE_VIEW,
    "casework:paper-detail": P.CASE_VIEW,
    "casework:paper-pdf": P.CASE_VIEW,
    "casework:paper-docx": P.CASE_VIEW,
    "casework:paper-scan": P.CASE_VIEW,
    "casework:paper-scan-new": P.LEGAL_ISSUE,
    "casework:paper-serve": P.LEGAL_ISSUE,
    "casework:paper-result": P.LEGAL_ISSUE,
    "casework:paper-void": P.LEGAL_ISSUE,
    "casework:case-papers": P.CASE_VIEW,
    "casework:paper-kinds": P.LEGAL_ISSUE,
    "casework:paper-issue": P.LEGAL_ISSUE,
    "casework:fine-rules": P.LEGAL_RULES,
    "casework:fine-rule-end": P.LEGAL_RULES,
    "casework:case-list": P.CASE_VIEW,
    "casework:student-cases": P.CASE_VIEW,
    "casework:case-open": P.CASE_OPEN,
    "casework:case-detail": P.CASE_VIEW,
    "casework:cases-from-sent-down": P.CASE_OPEN,
    "casework:task-list": P.CASE_VIEW,
    "casework:task-board": P.CASE_VIEW,
    "casework:attendance-list": P.CASE_VIEW,
    "casework:attendance-form": P.ATTENDANCE_TAKE,
    "casework:away-list": P.CASE_VIEW,
    "casework:cases-from-away": P.CASE_OPEN,
    "casework:report-list": P.CASE_VIEW,
    "casework:report-detail": P.CASE_VIEW,
    "casework:report-send": P.MONTH_REPORT,
    "casework:rule-list": P.CASE_VIEW,
    "casework:rule-change": P.DEADLINE_SET,
    "casework:visit-new": P.VISIT_LOG,
    "casework:visit-detail": P.CASE_VIEW,
    "casework:visit-photo": P.CASE_VIEW,
    "casework:held-list": P.VISIT_LOG,
    "casework:held-detail": P.VISIT_LOG,
    "casework:phone": P.VISIT_LOG,
    "casework:phone-worker": OPEN,
    "casework:phone-manifest": OPEN,
    "casework:phone-me": P.VISIT_LOG,
    "casework:phone-take": P.VISIT_LOG,
    "casework:phone-ops": P.VISIT_LOG,
    "casework:phone-photos": P.VISIT_LOG,
    "casework:phone-photo": P.VISIT_LOG,
    "casework:case-verify": P.CASE_MANAGE,
    "casework:case-persuade": P.CASE_MANAGE,
    "casework:case-escalate": P.CASE_MANAGE,
    "casework:case-return": P.CASE_MANAGE,
    "casework:case-observe": P.CASE_MANAGE,
    "casework:case-relapse": P.CASE_MANAGE,
    "casework:case-settle": P.CASE_MANAGE,
    "casework:case-place": P.CASE_MANAGE,
    "casework:case-transfer": P.CASE_MANAGE,
    "casework:case-receipt": P.CASE_MANAGE,
    "casework:case-propose": P.CASE_MANAGE,
    "casework:case-withdraw": P.CASE_MANAGE,
    "casework:case-sign": P.CASE_SIGN,
    "casework:case-close": P.CASE_CLOSE,
    "casework:case-lapse": P.CASE_CLOSE,
    "casework:gap-list": P.RESPONSIBILITY_VIEW,
    "casework:duty-list": P.RESPONSIBILITY_VIEW,
    "casework:duty-of-student": P.RESPONSIBILITY_VIEW,
    "casework:duty-new": P.RESPONSIBILITY_ASSIGN,
    "casework:duty-teachers": P.RESPONSIBILITY_ASSIGN,
    "casework:duty-sheet": P.RESPONSIBILITY_ASSIGN,
    "casework:duty-template": P.RESPONSIBILITY_ASSIGN,
    "casework:duty-end": P.RESPONSIBILITY_ASSIGN,
    "casework:duty-replace": P.RESPONSIBILITY_ASSIGN,
    "casework:post-list": P.RESPONSIBILITY_POSTS,
    "casework:post-new": P.RESPONSIBILITY_POSTS,
    "casework:post-edit": P.RESPONSIBILITY_POSTS,
    "casework:pledge-list": P.RESPONSIBILITY_VIEW,
    "casework:pledge-papers": P.RESPONSIBILITY_VIEW,
    "casework:pledge-paper": P.RESPONSIBILITY_VIEW,
    "casework:pledge-scan": P.RESPONSIBILITY_VIEW,
    "casework:pledge-sign": P.RESPONSIBILITY_ASSIGN,
    "casework:pledge-withdraw": P.RESPONSIBILITY_ASSIGN,
}
API = {"schema", "api-docs"}


@dataclass(frozen=True)
class Route:
    name: str
    view: type
    arguments: tuple[str, ...]

    @property
    def methods(self):
        handled = [m for m in self.view.http_method_names if hasattr(self.view, m)]
        return [m for m in handled if m not in ("options", "head")]

    def __str__(self):
        return self.name


def routes(patterns=None, namespace=""):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", None) or getattr(
                pattern.callback, "cls", None
            )
            yield Route(f"{namespace}{pattern.name}", view, tuple(pattern.pattern.regex.groupindex))


ALL = sorted(routes(), key=str)
GUARDED = [r for r in ALL if ROUTES.get(r.name, OPEN) is not OPEN]


def every(routes):
    """Routes with their methods; ids a person can read in a failing run."""
    return [pytest.param(r, m, id=f"{r}-{m}") for r in routes for m in r.methods]
