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
from casework.services.visit import VisitConflict, log_home_visit

__all__ = [
    "OpenCaseExists",
    "VisitConflict",
    "advance_case",
    "close_case",
    "lapse_case",
    "log_home_visit",
    "open_case",
    "record_relapse",
    "return_student",
    "verify_case",
]
