from casework.models.case import CaseCode, CaseEvent, DropoutCase
from casework.models.phone import HeldOp, PhoneOp, Verdict, VisitPhoto
from casework.models.pledge import ResponsibilityPledge
from casework.models.responsibility import ResponsibilityAssignment, ResponsibilityRole
from casework.models.signature import CaseSignature
from casework.models.task import CaseTask
from casework.models.visit import HomeVisit, VisitVersion

__all__ = [
    "CaseCode",
    "CaseEvent",
    "CaseSignature",
    "CaseTask",
    "DropoutCase",
    "HeldOp",
    "HomeVisit",
    "PhoneOp",
    "ResponsibilityAssignment",
    "ResponsibilityPledge",
    "ResponsibilityRole",
    "Verdict",
    "VisitPhoto",
    "VisitVersion",
]
