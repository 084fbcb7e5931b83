from casework.models.case import CaseCode, CaseEvent, DropoutCase
from casework.models.task import CaseTask
from casework.models.visit import HomeVisit

__all__ = ["CaseCode", "CaseEvent", "CaseTask", "DropoutCase", "HomeVisit"]
