from casework.services.case import OpenCaseExists, open_case, verify_case
from casework.services.ending import close_case, lapse_case, propose_lapse, withdraw_lapse
from casework.services.moves import (
    advance_case,
    place_student,
    record_relapse,
    return_student,
    settle_placement,
)
from casework.services.openings import Opened, open_cases
from casework.services.receipt import await_receipt, take_receipt, take_receipts
from casework.services.signature import sign_ending
from casework.services.step import CaseMoved
from casework.services.visit import VisitConflict, log_home_visit

__all__ = [
    "CaseMoved",
    "OpenCaseExists",
    "Opened",
    "VisitConflict",
    "advance_case",
    "await_receipt",
    "close_case",
    "lapse_case",
    "log_home_visit",
    "open_case",
    "open_cases",
    "place_student",
    "propose_lapse",
    "record_relapse",
    "return_student",
    "settle_placement",
    "sign_ending",
    "take_receipt",
    "take_receipts",
    "verify_case",
    "withdraw_lapse",
]
