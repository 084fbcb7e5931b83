"""People who sign in, what they are granted where, and tokens for programs."""

from datetime import date
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.roles import Role
from schools.models import ClassGroup, Division, School


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, username: str, full_name: str, password: str) -> "User":
        user = User(username=username, full_name=full_name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    username = models.CharField("用户名", max_length=40, unique=True)
    full_name = models.CharField("姓名", max_length=60)
    is_active = models.BooleanField(default=True)
    # Somebody else knows the password: no page opens before the person has set an own one.
    must_change_password = models.BooleanField(default=False)
    # Keys without Ctrl or Alt; a person who dictates or leans on keys switches them off.
    has_single_keys = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]

    def __str__(self) -> str:
        return self.full_name


def place_field(place: Division | School | ClassGroup) -> str:
    if isinstance(place, Division):
        return "division"
    return "school" if isinstance(place, School) else "class_group"


class GrantQuerySet(models.QuerySet["Grant"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)

    def not_over_on(self, day: date) -> Self:
        """Those of that day and those still to come."""
        return self.exclude(valid_to__lt=day)

    def in_county(self, county: str) -> Self:
        """At the county or a place in it; not those over the whole province or city."""
        return self.filter(
            Q(division__code__startswith=county)
            | Q(school__county=county)
            | Q(class_group__county=county)
        )

    def at(self, place: Division | School | ClassGroup) -> Self:
        return self.filter(**{place_field(place): place})


class Grant(models.Model):
    """One role at one place for one period: a division, a school, or a class."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=24, choices=Role)
    division = models.ForeignKey(Division, on_delete=models.PROTECT, null=True, blank=True)
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, blank=True)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="grant_has_exactly_one_place",
                condition=Q(division__isnull=False, school=None, class_group=None)
                | Q(division=None, school__isnull=False, class_group=None)
                | Q(division=None, school=None, class_group__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.place}"

    @property
    def place(self) -> Any:
        return self.division or self.school or self.class_group

    @property
    def place_words(self) -> str:
        group = self.class_group
        return f"{group.school}{group}" if group else str(self.place)

    @property
    def county(self) -> str:
        """Six digits, or fewer for a grant over a province or city."""
        if self.school:
            return self.school.county
        if self.class_group:
            return self.class_group.county
        return str(self.division_id)[:6]


class ApiToken(models.Model):
    """An opaque token of a program: only its SHA-256 is stored, the text is shown once."""

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    county = models.CharField(max_length=6)
    name = models.CharField("用途", max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.BinaryField(max_length=32, unique=True)
    permissions = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
