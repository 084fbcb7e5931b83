"""How a person looks at the list of children: columns of one's own, and views with a name."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User


class ListColumns(models.Model):
    """The columns a person chose for the list, in order, and how wide. No row: the usual ones."""

    class Device(models.TextChoices):
        """By the width of the window; on phones the rows are stacked and no column is wide."""

        TABLET = "tablet", "平板"
        DESK = "desk", "办公电脑"
        WIDE = "wide", "大屏"

    owner = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    columns = ArrayField(models.CharField(max_length=20), null=True)
    widths = models.JSONField(default=dict)  # device: {column: pixels}

    def __str__(self) -> str:
        return f"columns of {self.owner_id}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def open_to(self, user_id: int, *, county: str) -> Self:
        """One's own, and what others of the county share."""
        shared = ~Q(sharing=SavedView.Sharing.PRIVATE)
        return self.filter(Q(owner=user_id) | shared, county=county, removed_at=None)


class SavedView(models.Model):
    """Filters, columns and order under a name. It holds codes and ids only, nobody's name."""

    class Sharing(models.TextChoices):
        PRIVATE = "private", "私有"
        SHARED = "shared", "共享，同县可改"
        LOCKED = "locked", "共享并锁定，仅本人可改"

    county = models.CharField(max_length=6)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("名称", max_length=30)
    sharing = models.CharField("谁能用", max_length=8, choices=Sharing, default=Sharing.PRIVATE)
    filters = models.JSONField(default=dict)
    columns = ArrayField(models.CharField(max_length=20))
    sort = models.CharField(max_length=12)
    updated_at = models.DateTimeField(default=timezone.now)
    # Kept when removed: whoever used it is told who took it away.
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "owner", "name"],
                condition=Q(removed_at=None),
                name="view_name_once_per_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may_change(self, user_id: int) -> bool:
        return self.owner_id == user_id or self.sharing == self.Sharing.SHARED


class SavedViewUse(models.Model):
    """Who works with a view: asked before it is removed, told afterwards."""

    county = models.CharField(max_length=6)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="uses")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    is_told = models.BooleanField(default=False)  # that the view was removed

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["view", "user"], name="view_use_once_per_user"),
        ]

    def __str__(self) -> str:
        return f"view {self.view_id} used by {self.user_id}"
