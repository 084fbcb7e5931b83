from django.urls import path

from core import views

app_name = "core"
urlpatterns = [
    path("", views.JobList.as_view(), name="job-list"),
    path("<int:job_id>/", views.JobDetail.as_view(), name="job-detail"),
    path("<int:job_id>/cancel/", views.JobCancel.as_view(), name="job-cancel"),
]
