from django.urls import path

from students.views import students

app_name = "students"
urlpatterns = [
    path("", students.StudentList.as_view(), name="student-list"),
    path("search/", students.StudentSearch.as_view(), name="student-search"),
    path("<int:student_id>/", students.StudentDetail.as_view(), name="student-detail"),
    path("<int:student_id>/edit/", students.StudentEdit.as_view(), name="student-edit"),
    path(
        "<int:student_id>/numbers/<uuid:secret_id>/reveal/",
        students.RevealNumber.as_view(),
        name="number-reveal",
    ),
    path(
        "<int:student_id>/phones/<uuid:secret_id>/reveal/",
        students.RevealPhone.as_view(),
        name="phone-reveal",
    ),
]
