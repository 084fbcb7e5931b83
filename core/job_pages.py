"""What a job's end is to a person: the page its result is looked at, and which event it was."""

from django.urls import reverse

from core.models import Job

_OWN = "core:job-detail"
# Task: URL name, and which parameters of the job stand in its address.
_PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "students.read_roster_heads": ("students:import-columns", ("batch",)),
    "students.check_roster": ("students:import-detail", ("batch",)),
    "students.commit_roster": ("students:import-detail", ("batch",)),
    "students.build_error_book": ("students:import-book", ("batch",)),
    "students.undo_roster": ("students:import-undo", ("batch",)),
    "students.preview_roll_over": ("students:rollover-detail", ("roll_over",)),
    "students.commit_roll_over": ("students:rollover-detail", ("roll_over",)),
    "students.undo_roll_over": ("students:rollover-detail", ("roll_over",)),
    "students.find_duplicates": ("students:duplicate-list", ()),
    "students.read_list": ("students:list-detail", ("list",)),
    "students.apply_list": ("students:list-detail", ("list",)),
    "students.take_over": ("students:comparison-detail", ("run",)),
    "students.compare": ("students:comparison-detail", ("run",)),
    "casework.compare_dropouts": ("students:comparison-detail", ("run",)),
    "students.change_categories": ("students:bulk-detail", ("act",)),
    "students.undo_categories": ("students:bulk-detail", ("act",)),
    "casework.open_from_list": ("casework:list-openings", ("act",)),
    "students.deliver_transfer": ("students:transfer-detail", ("transfer",)),
    "students.answer_transfer": ("students:offer-detail", ("offer",)),
    "ledgers.build": ("ledgers:ledger-detail", ("kind", "period")),
}
# Checked anew after every correction: that a batch is ready is one event, told once.
_READY_ONCE = {"students.check_roster": "batch"}
_BY_ITS_NUMBER = {"students.download_list": "students:download-detail"}


def page_of(job: Job) -> str:
    if job.task in _BY_ITS_NUMBER:
        return reverse(_BY_ITS_NUMBER[job.task], args=[job.pk])
    name, parameters = _PAGES.get(job.task, (_OWN, ()))
    if name == _OWN or not set(parameters) <= job.params.keys():
        return reverse(_OWN, args=[job.pk])
    return reverse(name, args=[job.params[parameter] for parameter in parameters])


def event_of(job: Job, *, done: bool) -> str:
    """A failure is each time an event of its own, since somebody has to act on it."""
    thing = _READY_ONCE.get(job.task)
    if done and thing in job.params:
        return f"{job.task}-{job.params[thing]}"
    return f"job-{job.pk}"
