from casework.models.case import CaseCode, CaseEvent, DropoutCase
from casework.models.phone import HeldOp, PhoneOp, Verdict, VisitPhoto
from casework.models.task import CaseTask
from casework.models.visit import HomeVisit, VisitVersion

__all__ = [
    "CaseCode",
    "CaseEvent",
    "CaseTask",
    "DropoutCase",
    "HeldOp",
    "HomeVisit",
    "PhoneOp",
    "Verdict",
    "VisitPhoto",
    "VisitVersion",
]
