"""What a written roster changed, child by child, so that it can be taken back."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from students.models.roster import ImportBatch


class RosterTrace(models.Model):
    """A child the county held before: the parts the roster changed, as they were.

    Children it created need none: the batch knows which they are. After an undo a row is also
    left for every child that was not taken back, with what was touched since.
    """

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, db_index=False)
    # Not a foreign key: the child may be gone, and a merge leaves this trail as it is.
    student_id = models.BigIntegerField()
    before = models.JSONField(null=True)  # {part: what it was}, changed parts only
    after = models.JSONField(null=True)  # {part: digest}, all parts
    touched = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "student_id"], name="roster_trace_once_per_child"
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.batch_id} student {self.student_id}"
