from students.models.comparison import MatchDifference, MatchRun
from students.models.duplicates import DuplicatePair, MergedRow, StudentMerge
from students.models.enrolment import Enrolment
from students.models.facts import CategoryType, DisabilityRecord, LeftBehindFact, PersonCategory
from students.models.household import Household, HouseholdCategory, HouseholdMember
from students.models.lists import FactConflict, ListEntry, OfficeList
from students.models.person import Guardian, Student, StudentGuardian, StudentIdentifier
from students.models.rollover import RollOver, RollOverGroup, RollOverRow, SchoolPromise
from students.models.roster import ImportBatch, RosterRow, SealedExtra
from students.models.transfer import Transfer

__all__ = [
    "CategoryType",
    "DisabilityRecord",
    "DuplicatePair",
    "Enrolment",
    "FactConflict",
    "Guardian",
    "Household",
    "HouseholdCategory",
    "HouseholdMember",
    "ImportBatch",
    "LeftBehindFact",
    "ListEntry",
    "MatchDifference",
    "MatchRun",
    "MergedRow",
    "OfficeList",
    "PersonCategory",
    "RollOver",
    "RollOverGroup",
    "RollOverRow",
    "RosterRow",
    "SchoolPromise",
    "SealedExtra",
    "Student",
    "StudentGuardian",
    "StudentIdentifier",
    "StudentMerge",
    "Transfer",
]
