from casework.models.attendance import Absence, ClassDay
from casework.models.case import CaseCode, CaseEvent, DropoutCase
from casework.models.handover import CaseHandover
from casework.models.legal import FineRule, LegalKind, LegalNumber, LegalPaper
from casework.models.phone import HeldOp, PhoneOp, Verdict, VisitPhoto
from casework.models.plan import CasePlan, MeasureResult, PlanMeasure
from casework.models.pledge import ResponsibilityPledge
from casework.models.report import MonthReport
from casework.models.responsibility import ResponsibilityAssignment, ResponsibilityRole
from casework.models.signature import CaseSignature
from casework.models.task import CaseTask
from casework.models.visit import HomeVisit, VisitVersion
from casework.models.visit_plan import PlannedVisit, VisitBatch, VisitReview

__all__ = [
    "Absence",
    "CaseCode",
    "CaseEvent",
    "CaseHandover",
    "CasePlan",
    "CaseSignature",
    "CaseTask",
    "ClassDay",
    "DropoutCase",
    "FineRule",
    "HeldOp",
    "HomeVisit",
    "LegalKind",
    "LegalNumber",
    "LegalPaper",
    "MeasureResult",
    "MonthReport",
    "PhoneOp",
    "PlanMeasure",
    "PlannedVisit",
    "ResponsibilityAssignment",
    "ResponsibilityPledge",
    "ResponsibilityRole",
    "Verdict",
    "VisitBatch",
    "VisitPhoto",
    "VisitReview",
    "VisitVersion",
]
