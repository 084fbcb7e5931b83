from students.models.duplicates import DuplicatePair, MergedRow, StudentMerge
from students.models.enrolment import Enrolment
from students.models.facts import CategoryType, DisabilityRecord, LeftBehindFact, PersonCategory
from students.models.household import Household, HouseholdCategory, HouseholdMember
from students.models.person import Guardian, Student, StudentGuardian, StudentIdentifier
from students.models.rollover import RollOver, RollOverGroup, RollOverRow, SchoolPromise
from students.models.roster import ImportBatch, RosterRow, SealedExtra
from students.models.transfer import Transfer

__all__ = [
    "CategoryType",
    "DisabilityRecord",
    "DuplicatePair",
    "Enrolment",
    "Guardian",
    "Household",
    "HouseholdCategory",
    "HouseholdMember",
    "ImportBatch",
    "LeftBehindFact",
    "MergedRow",
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
