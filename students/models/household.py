from django.db import models
from django.db.models import Q

from students.models.facts import CategoryType
from students.models.person import Student


class Household(models.Model):
    """户, as the poverty monitoring system numbers it; the number is opaque and never parsed."""

    county = models.CharField(max_length=6)
    household_no = models.CharField("户编号", max_length=40)
    head_name = models.CharField("户主姓名", max_length=100)
    village = models.CharField("村", max_length=12, default="", blank=True)
    group_name = models.CharField("组", max_length=40, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "household_no"], name="household_once_per_county"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.head_name}户"


class HouseholdMember(models.Model):
    """Membership over a period: households split, children are born into and leave them."""

    county = models.CharField(max_length=6)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="members")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="memberships")
    relation_to_head = models.CharField("与户主关系", max_length=20, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=60, default="", db_default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student"], condition=Q(valid_to=None), name="member_of_one_household"
            ),
        ]

    def __str__(self) -> str:
        return f"student {self.student_id} in household {self.household_id}"


class HouseholdCategory(models.Model):
    """A household category (脱贫户, 监测对象 …); a child inherits it by membership on the day."""

    county = models.CharField(max_length=6)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="categories")
    type = models.ForeignKey(CategoryType, on_delete=models.PROTECT)
    risk_removed_on = models.DateField("风险消除日期", null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household", "type"],
                condition=Q(valid_to=None),
                name="household_category_once_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type_id} of household {self.household_id}"
