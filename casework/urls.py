from django.urls import path

from casework import list_views, views

app_name = "casework"
urlpatterns = [
    path("", views.CaseIndex.as_view(), name="case-list"),
    path("student/<int:student_id>/", views.StudentCases.as_view(), name="student-cases"),
    path("student/<int:student_id>/open/", views.OpenCase.as_view(), name="case-open"),
    path("openings/transfers/", views.OpenFromTransfers.as_view(), name="cases-from-transfers"),
    path(
        "openings/rollovers/<int:rollover_id>/",
        views.OpenFromLeavers.as_view(),
        name="cases-from-leavers",
    ),
    path("openings/list/", list_views.OpeningStart.as_view(), name="cases-from-list"),
    path(
        "openings/list/<int:opening_id>/", list_views.OpeningDetail.as_view(), name="list-openings"
    ),
    path(
        "openings/list/<int:opening_id>/commit/",
        list_views.OpeningCommit.as_view(),
        name="list-openings-commit",
    ),
    path(
        "openings/comparisons/<int:run_id>/",
        views.OpenFromComparison.as_view(),
        name="cases-from-comparison",
    ),
    path("<int:case_id>/", views.CaseDetail.as_view(), name="case-detail"),
    path("<int:case_id>/visits/new/", views.LogVisit.as_view(), name="visit-new"),
    path("<int:case_id>/verify/", views.VerifyCase.as_view(), name="case-verify"),
    path("<int:case_id>/persuade/", views.PersuadeCase.as_view(), name="case-persuade"),
    path("<int:case_id>/escalate/", views.EscalateCase.as_view(), name="case-escalate"),
    path("<int:case_id>/return/", views.ReturnStudent.as_view(), name="case-return"),
    path("<int:case_id>/observe/", views.ObserveStudent.as_view(), name="case-observe"),
    path("<int:case_id>/relapse/", views.RecordRelapse.as_view(), name="case-relapse"),
    path("<int:case_id>/close/", views.CloseCase.as_view(), name="case-close"),
    path("<int:case_id>/lapse/", views.LapseCase.as_view(), name="case-lapse"),
]
