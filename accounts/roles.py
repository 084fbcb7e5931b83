"""Roles and what each may do. The three administrators hold no case data (三员分立)."""

from django.db import models

from core.access import Permission as P


class Role(models.TextChoices):
    COUNTY_OFFICER = "county_officer", "县教育局业务员"
    SUBSIDY_OFFICER = "subsidy_officer", "资助中心业务员"
    TOWNSHIP_OFFICER = "township_officer", "乡镇干部"
    SCHOOL_HEAD = "school_head", "校长"
    CLASS_TEACHER = "class_teacher", "班主任"
    AUDITOR = "auditor", "核查人员"
    PROVINCE_READER = "province_reader", "省级查阅"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDIT_ADMIN = "audit_admin", "审计管理员"
    REST_CLIENT = "rest_client", "接口客户端"


class PlaceKind(models.TextChoices):
    COUNTY = "county", "县（区）"
    TOWNSHIP = "township", "乡镇"
    SCHOOL = "school", "学校"
    CLASS_GROUP = "class_group", "班级"


# What a system administrator may give, and where. The three administrators are made on the server
# by `add_user` alone, so that none of them can make another.
GRANTABLE: dict[str, PlaceKind] = {
    Role.COUNTY_OFFICER: PlaceKind.COUNTY,
    Role.SUBSIDY_OFFICER: PlaceKind.COUNTY,
    Role.TOWNSHIP_OFFICER: PlaceKind.TOWNSHIP,
    Role.SCHOOL_HEAD: PlaceKind.SCHOOL,
    Role.CLASS_TEACHER: PlaceKind.CLASS_GROUP,
    Role.AUDITOR: PlaceKind.COUNTY,
}
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})


_OWN = frozenset({P.HOME_VIEW, P.OWN_ACCOUNT})
_READS = _OWN | {
    P.STUDENT_VIEW,
    P.CASE_VIEW,
    P.RESPONSIBILITY_VIEW,
    P.LEDGER_VIEW,
    P.JOB_VIEW,
}

PERMISSIONS: dict[str, frozenset[P]] = {
    Role.COUNTY_OFFICER: _READS
    | {
        P.STUDENT_EDIT,
        P.STUDENT_ROLL_OVER,
        P.IDENTITY_REVEAL,
        P.ROSTER_IMPORT,
        P.CASE_OPEN,
        P.CASE_MANAGE,
        P.CASE_SIGN,
        P.CASE_CLOSE,
        P.CASE_HAND_OVER,
        P.PLAN_WRITE,
        P.PLAN_APPROVE,
        P.LEGAL_ISSUE,
        P.LEGAL_RULES,
        P.VISIT_REVIEW,
        P.VISIT_LOG,
        P.DEADLINE_SET,
        P.RESPONSIBILITY_ASSIGN,
        P.RESPONSIBILITY_POSTS,
        P.LEDGER_BUILD,
        P.LEDGER_EXPORT,
        P.LEDGER_PULL,
        P.TOKEN_MANAGE,
    },
    Role.SUBSIDY_OFFICER: _OWN | {P.STUDENT_VIEW, P.LEDGER_VIEW, P.JOB_VIEW},
    Role.TOWNSHIP_OFFICER: _READS
    | {
        P.CASE_OPEN,
        P.CASE_MANAGE,
        P.CASE_SIGN,
        P.CASE_HAND_OVER,
        P.PLAN_WRITE,
        P.LEGAL_ISSUE,
        P.VISIT_LOG,
        P.RESPONSIBILITY_ASSIGN,
        P.LEDGER_EXPORT,
    },
    Role.SCHOOL_HEAD: _READS
    | {
        P.STUDENT_EDIT,
        P.CASE_OPEN,
        P.CASE_MANAGE,
        P.CASE_SIGN,
        P.CASE_HAND_OVER,
        P.PLAN_WRITE,
        P.PLAN_APPROVE,
        P.LEGAL_ISSUE,
        P.VISIT_REVIEW,
        P.VISIT_PLAN,
        P.VISIT_LOG,
        P.ATTENDANCE_TAKE,
        P.MONTH_REPORT,
        P.RESPONSIBILITY_ASSIGN,
        P.LEDGER_EXPORT,
    },
    Role.CLASS_TEACHER: _OWN
    | {
        P.STUDENT_VIEW,
        P.CASE_VIEW,
        P.CASE_OPEN,
        P.CASE_HAND_OVER,
        P.PLAN_WRITE,
        P.VISIT_PLAN,
        P.VISIT_LOG,
        P.ATTENDANCE_TAKE,
        P.RESPONSIBILITY_VIEW,
    },
    Role.AUDITOR: _READS | {P.AUDIT_VIEW, P.LEDGER_EXPORT},
    Role.PROVINCE_READER: _OWN | {P.LEDGER_VIEW, P.LEDGER_PULL},
    Role.SYSTEM_ADMIN: _OWN | {P.USER_MANAGE},
    Role.SECURITY_ADMIN: _OWN,
    Role.AUDIT_ADMIN: _OWN | {P.AUDIT_VIEW},
    Role.REST_CLIENT: frozenset({P.LEDGER_PULL}),
}
