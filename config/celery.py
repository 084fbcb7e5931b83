"""The Celery application and its schedule (architecture decision 13: in code, no database)."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("notless")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "revive-silent-jobs": {"task": "core.tasks.revive_jobs", "schedule": 30.0},
    "purge-old-rosters": {
        "task": "students.tasks.purge_rosters",
        "schedule": crontab(hour="3", minute="10"),
    },
    "purge-old-lists": {
        "task": "students.tasks.purge_lists",
        "schedule": crontab(hour="3", minute="20"),
    },
    "purge-old-office-lists": {
        "task": "students.tasks.purge_office_lists",
        "schedule": crontab(hour="3", minute="15"),
    },
    "purge-old-notices": {
        "task": "core.tasks.purge_notices",
        "schedule": crontab(hour="3", minute="30"),
    },
    # Which ledgers are due on a day is read from the calendar table by the task itself.
    "build-due-ledgers": {
        "task": "ledgers.tasks.build_due_ledgers",
        "schedule": crontab(hour="0", minute="30"),
    },
    "suspect-overdue-transfers": {
        "task": "casework.tasks.suspect_overdue_transfers",
        "schedule": crontab(hour="0", minute="10"),
    },
    "ask-month-reports": {
        "task": "casework.tasks.ask_month_reports",
        "schedule": crontab(hour="0", minute="5"),
    },
    "suspect-absent-children": {
        "task": "casework.tasks.suspect_absent_children",
        "schedule": crontab(hour="0", minute="15"),
    },
    "ask-about-waiting-visits": {
        "task": "casework.tasks.ask_about_waiting_visits",
        "schedule": crontab(hour="1", minute="10"),
    },
    "purge-visit-photos": {
        "task": "casework.tasks.purge_visit_photos",
        "schedule": crontab(hour="3", minute="40"),
    },
    "mark-late-tasks": {
        "task": "casework.tasks.mark_late_tasks",
        "schedule": crontab(hour="0", minute="20"),
    },
    "pass-legal-deadlines": {
        "task": "casework.tasks.pass_legal_deadlines",
        "schedule": crontab(hour="0", minute="12"),
    },
}
