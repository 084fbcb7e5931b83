from django.urls import path

from students.views import duplicates, imports, rollover, students, transfers

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
    path("rollovers/", rollover.RollOverList.as_view(), name="rollover-list"),
    path("rollovers/new/", rollover.RollOverNew.as_view(), name="rollover-new"),
    path("rollovers/<int:rollover_id>/", rollover.RollOverDetail.as_view(), name="rollover-detail"),
    path(
        "rollovers/<int:rollover_id>/commit/",
        rollover.RollOverCommit.as_view(),
        name="rollover-commit",
    ),
    path(
        "rollovers/<int:rollover_id>/undo/", rollover.RollOverUndo.as_view(), name="rollover-undo"
    ),
    path(
        "rollovers/<int:rollover_id>/promise/",
        rollover.RollOverPromise.as_view(),
        name="rollover-promise",
    ),
    path("duplicates/", duplicates.DuplicateList.as_view(), name="duplicate-list"),
    path("duplicates/find/", duplicates.DuplicateFind.as_view(), name="duplicate-find"),
    path(
        "duplicates/<int:pair_id>/", duplicates.DuplicateDetail.as_view(), name="duplicate-detail"
    ),
    path(
        "duplicates/<int:pair_id>/merge/",
        duplicates.DuplicateMerge.as_view(),
        name="duplicate-merge",
    ),
    path(
        "duplicates/<int:pair_id>/reject/",
        duplicates.DuplicateReject.as_view(),
        name="duplicate-reject",
    ),
    path(
        "duplicates/<int:pair_id>/undo/", duplicates.DuplicateUndo.as_view(), name="duplicate-undo"
    ),
    path("transfers/", transfers.TransferList.as_view(), name="transfer-list"),
    path(
        "transfers/<int:transfer_id>/", transfers.TransferDetail.as_view(), name="transfer-detail"
    ),
    path(
        "transfers/<int:transfer_id>/accept/",
        transfers.TransferAccept.as_view(),
        name="transfer-accept",
    ),
    path(
        "transfers/<int:transfer_id>/refuse/",
        transfers.TransferRefuse.as_view(),
        name="transfer-refuse",
    ),
    path(
        "transfers/<int:transfer_id>/withdraw/",
        transfers.TransferWithdraw.as_view(),
        name="transfer-withdraw",
    ),
    path("<int:student_id>/transfer/", transfers.TransferNew.as_view(), name="transfer-new"),
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
