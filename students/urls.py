from django.urls import path

from students.views import imports, students

app_name = "students"
urlpatterns = [
    path("", students.StudentList.as_view(), name="student-list"),
    path("search/", students.StudentSearch.as_view(), name="student-search"),
    path("imports/", imports.ImportList.as_view(), name="import-list"),
    path("imports/new/", imports.ImportNew.as_view(), name="import-new"),
    path("imports/<int:batch_id>/", imports.ImportDetail.as_view(), name="import-detail"),
    path("imports/<int:batch_id>/commit/", imports.ImportCommit.as_view(), name="import-commit"),
    path("imports/<int:batch_id>/discard/", imports.ImportDiscard.as_view(), name="import-discard"),
    path(
        "imports/<int:batch_id>/rejected.xlsx",
        imports.ImportRejected.as_view(),
        name="import-rejected",
    ),
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
