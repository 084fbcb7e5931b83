from django.urls import path

from casework.views import case, cases, deeds, list_openings, openings, visits

app_name = "casework"
urlpatterns = [
    path("", cases.CaseIndex.as_view(), name="case-list"),
    path("student/<int:student_id>/", cases.StudentCases.as_view(), name="student-cases"),
    path("student/<int:student_id>/open/", openings.OpenCase.as_view(), name="case-open"),
    path("openings/transfers/", openings.OpenFromTransfers.as_view(), name="cases-from-transfers"),
    path(
        "openings/rollovers/<int:rollover_id>/",
        openings.OpenFromLeavers.as_view(),
        name="cases-from-leavers",
    ),
    path("openings/list/", list_openings.OpeningStart.as_view(), name="cases-from-list"),
    path(
        "openings/list/<int:opening_id>/",
        list_openings.OpeningDetail.as_view(),
        name="list-openings",
    ),
    path(
        "openings/list/<int:opening_id>/commit/",
        list_openings.OpeningCommit.as_view(),
        name="list-openings-commit",
    ),
    path(
        "openings/comparisons/<int:run_id>/",
        openings.OpenFromComparison.as_view(),
        name="cases-from-comparison",
    ),
    path("<int:case_id>/", case.CaseDetail.as_view(), name="case-detail"),
    path("<int:case_id>/visits/new/", visits.LogVisit.as_view(), name="visit-new"),
    path("<int:case_id>/verify/", deeds.VerifyCase.as_view(), name="case-verify"),
    path("<int:case_id>/persuade/", deeds.PersuadeCase.as_view(), name="case-persuade"),
    path("<int:case_id>/escalate/", deeds.EscalateCase.as_view(), name="case-escalate"),
    path("<int:case_id>/return/", deeds.ReturnStudent.as_view(), name="case-return"),
    path("<int:case_id>/observe/", deeds.ObserveStudent.as_view(), name="case-observe"),
    path("<int:case_id>/relapse/", deeds.RecordRelapse.as_view(), name="case-relapse"),
    path("<int:case_id>/close/", deeds.CloseCase.as_view(), name="case-close"),
    path("<int:case_id>/lapse/", deeds.LapseCase.as_view(), name="case-lapse"),
]
