from casework.services import comparisons, list_openings
from core import jobs
from students.comparison.services import DROPOUTS_TASK

compare_dropouts = jobs.work(DROPOUTS_TASK)(comparisons.compare_dropouts_job)
open_from_list = jobs.work(list_openings.LIST_TASK)(list_openings.openings_job)
