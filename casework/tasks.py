from casework.services import comparisons
from core import jobs
from students.comparison.services import DROPOUTS_TASK

compare_dropouts = jobs.work(DROPOUTS_TASK)(comparisons.compare_dropouts_job)
