from students.models.enrolment import Enrolment
from students.models.facts import CategoryType, DisabilityRecord, LeftBehindFact, PersonCategory
from students.models.household import Household, HouseholdCategory, HouseholdMember
from students.models.person import Guardian, Student, StudentGuardian, StudentIdentifier
from students.models.roster import ImportBatch, RosterRow, SealedExtra

__all__ = [
    "CategoryType",
    "DisabilityRecord",
    "Enrolment",
    "Guardian",
    "Household",
    "HouseholdCategory",
    "HouseholdMember",
    "ImportBatch",
    "LeftBehindFact",
    "PersonCategory",
    "RosterRow",
    "SealedExtra",
    "Student",
    "StudentGuardian",
    "StudentIdentifier",
]
