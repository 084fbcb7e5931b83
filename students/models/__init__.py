from students.models.bulk import BulkAct, BulkRow, ExportedStudent, ListExport
from students.models.columns import ColumnLayout, ColumnProfile, SheetColumns
from students.models.comparison import MatchDifference, MatchRun
from students.models.correction import RosterCorrection, RosterMark
from students.models.duplicates import DuplicatePair, MergedRow, StudentMerge
from students.models.enrolment import Enrolment
from students.models.facts import CategoryType, DisabilityRecord, LeftBehindFact, PersonCategory
from students.models.household import Household, HouseholdCategory, HouseholdMember
from students.models.lists import FactConflict, ListEntry, OfficeList
from students.models.offer import TransferOffer, TransferVerdict
from students.models.person import Guardian, Student, StudentGuardian, StudentIdentifier
from students.models.rollover import RollOver, RollOverGroup, RollOverRow, SchoolPromise
from students.models.roster import ImportBatch, RosterRow, SealedExtra
from students.models.tracing import RosterTrace
from students.models.transfer import Transfer
from students.models.views import ListColumns, SavedView, SavedViewUse

__all__ = [
    "BulkAct",
    "BulkRow",
    "CategoryType",
    "ColumnLayout",
    "ColumnProfile",
    "DisabilityRecord",
    "DuplicatePair",
    "Enrolment",
    "ExportedStudent",
    "FactConflict",
    "Guardian",
    "Household",
    "HouseholdCategory",
    "HouseholdMember",
    "ImportBatch",
    "LeftBehindFact",
    "ListColumns",
    "ListEntry",
    "ListExport",
    "MatchDifference",
    "MatchRun",
    "MergedRow",
    "OfficeList",
    "PersonCategory",
    "RollOver",
    "RollOverGroup",
    "RollOverRow",
    "RosterCorrection",
    "RosterMark",
    "RosterRow",
    "RosterTrace",
    "SavedView",
    "SavedViewUse",
    "SchoolPromise",
    "SealedExtra",
    "SheetColumns",
    "Student",
    "StudentGuardian",
    "StudentIdentifier",
    "StudentMerge",
    "Transfer",
    "TransferOffer",
    "TransferVerdict",
]
