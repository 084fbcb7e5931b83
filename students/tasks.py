from core import jobs
from students.rosters import services

check_roster = jobs.work(services.CHECK_TASK)(services.check_job)
commit_roster = jobs.work(services.COMMIT_TASK)(services.commit_job)
