from casework.services.case import (
    OpenCaseExists,
    advance_case,
    close_case,
    lapse_case,
    open_case,
    record_relapse,
    return_student,
    verify_case,
)
from casework.services.openings import Opened, open_cases
from casework.services.visit import VisitConflict, log_home_visit

__all__ = [
    "OpenCaseExists",
    "Opened",
    "VisitConflict",
    "advance_case",
    "close_case",
    "lapse_case",
    "log_home_visit",
    "open_case",
    "open_cases",
    "record_relapse",
    "return_student",
    "verify_case",
]
