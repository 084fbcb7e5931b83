from django.urls import path

from students.views import (
    bulk,
    cells,
    columns,
    comparison,
    downloads,
    duplicates,
    grid,
    imports,
    listing,
    lists,
    offers,
    people,
    preview,
    returning,
    rollover,
    students,
    transfers,
)

app_name = "students"
urlpatterns = [
    path("", listing.StudentList.as_view(), name="student-list"),
    path("new/", people.StudentNew.as_view(), name="student-new"),
    path("search/", listing.StudentSearch.as_view(), name="student-search"),
    path("columns/", listing.ListColumns.as_view(), name="list-columns"),
    path("columns/widths/", listing.ListWidths.as_view(), name="list-widths"),
    path("<int:student_id>/peek/", listing.StudentPeek.as_view(), name="student-peek"),
    path("views/", listing.ViewSave.as_view(), name="view-save"),
    path("views/<int:view_id>/", listing.ViewEdit.as_view(), name="view-edit"),
    path("views/<int:view_id>/change/", listing.ViewChange.as_view(), name="view-change"),
    path("views/<int:view_id>/remove/", listing.ViewRemove.as_view(), name="view-remove"),
    path("downloads/", downloads.DownloadNew.as_view(), name="download-new"),
    path(
        "downloads/<int:download_id>/", downloads.DownloadDetail.as_view(), name="download-detail"
    ),
    path(
        "downloads/<int:download_id>/file/",
        downloads.DownloadFile.as_view(),
        name="download-file",
    ),
    path("bulk/", bulk.CategoryStart.as_view(), name="bulk-new"),
    path("bulk/<int:act_id>/", bulk.CategoryDetail.as_view(), name="bulk-detail"),
    path("bulk/<int:act_id>/commit/", bulk.CategoryCommit.as_view(), name="bulk-commit"),
    path("bulk/<int:act_id>/undo/", bulk.CategoryUndo.as_view(), name="bulk-undo"),
    path("views/<int:view_id>/restore/", listing.ViewRestore.as_view(), name="view-restore"),
    path("lists/", lists.ListIndex.as_view(), name="list-list"),
    path("lists/new/", lists.ListNew.as_view(), name="list-new"),
    path("lists/<int:list_id>/", lists.ListDetail.as_view(), name="list-detail"),
    path("lists/<int:list_id>/confirm/", lists.ListConfirm.as_view(), name="list-confirm"),
    path("lists/<int:list_id>/apply/", lists.ListApply.as_view(), name="list-apply"),
    path("lists/<int:list_id>/discard/", lists.ListDiscard.as_view(), name="list-discard"),
    path("lists/conflicts/", lists.ConflictList.as_view(), name="conflict-list"),
    path(
        "lists/conflicts/<int:conflict_id>/",
        lists.ConflictDecide.as_view(),
        name="conflict-decide",
    ),
    path("lists/comparisons/", comparison.ComparisonList.as_view(), name="comparison-list"),
    path("lists/comparisons/new/", comparison.ComparisonNew.as_view(), name="comparison-new"),
    path(
        "lists/comparisons/<int:run_id>/",
        comparison.ComparisonDetail.as_view(),
        name="comparison-detail",
    ),
    path(
        "lists/comparisons/<int:run_id>/decide/",
        comparison.ComparisonDecide.as_view(),
        name="comparison-decide",
    ),
    path(
        "lists/comparisons/<int:run_id>/students/",
        comparison.ComparisonCreate.as_view(),
        name="comparison-students",
    ),
    path("imports/", imports.ImportList.as_view(), name="import-list"),
    path("imports/new/", imports.ImportNew.as_view(), name="import-new"),
    path("imports/offices/", columns.ProfileList.as_view(), name="profile-list"),
    path(
        "imports/offices/<int:profile_id>/forget/",
        columns.ProfileForget.as_view(),
        name="profile-forget",
    ),
    path(
        "imports/templates/<slug:layout>.xlsx",
        columns.TemplateDownload.as_view(),
        name="import-template",
    ),
    path("imports/<int:batch_id>/columns/", columns.ImportColumns.as_view(), name="import-columns"),
    path("imports/<int:batch_id>/", preview.ImportDetail.as_view(), name="import-detail"),
    path("imports/<int:batch_id>/recheck/", cells.ImportRecheck.as_view(), name="import-recheck"),
    path(
        "imports/<int:batch_id>/correct/",
        cells.ImportCorrectAll.as_view(),
        name="import-correct-all",
    ),
    path("imports/<int:batch_id>/cells/", grid.ImportCells.as_view(), name="import-cells"),
    path(
        "imports/<int:batch_id>/corrections/<int:correction_id>/undo/",
        grid.ImportUncorrect.as_view(),
        name="import-uncorrect",
    ),
    path(
        "imports/<int:batch_id>/corrections/<int:correction_id>/redo/",
        grid.ImportRecorrect.as_view(),
        name="import-recorrect",
    ),
    path(
        "imports/<int:batch_id>/rows/<int:sheet_no>/<int:row_no>/",
        cells.ImportRow.as_view(),
        name="import-row",
    ),
    path(
        "imports/<int:batch_id>/rows/<int:sheet_no>/<int:row_no>/<int:column_no>/reveal/",
        cells.ImportCellReveal.as_view(),
        name="import-reveal",
    ),
    path("imports/<int:batch_id>/commit/", imports.ImportCommit.as_view(), name="import-commit"),
    path("imports/<int:batch_id>/discard/", imports.ImportDiscard.as_view(), name="import-discard"),
    path(
        "imports/<int:batch_id>/rejected.xlsx",
        imports.ImportRejected.as_view(),
        name="import-rejected",
    ),
    path("imports/<int:batch_id>/book/", returning.ImportBook.as_view(), name="import-book"),
    path(
        "imports/<int:batch_id>/book.xlsx",
        returning.ImportBookFile.as_view(),
        name="import-book-file",
    ),
    path("imports/<int:batch_id>/undo/", returning.ImportUndo.as_view(), name="import-undo"),
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
    path("transfers/offers/", offers.OfferList.as_view(), name="offer-list"),
    path("transfers/offers/<uuid:offer_id>/", offers.OfferDetail.as_view(), name="offer-detail"),
    path(
        "transfers/offers/<uuid:offer_id>/accept/",
        offers.OfferAccept.as_view(),
        name="offer-accept",
    ),
    path(
        "transfers/offers/<uuid:offer_id>/refuse/",
        offers.OfferRefuse.as_view(),
        name="offer-refuse",
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
    path("<int:student_id>/number/", people.NumberNew.as_view(), name="number-new"),
    path("<int:student_id>/guardians/new/", people.GuardianNew.as_view(), name="guardian-new"),
    path(
        "<int:student_id>/guardians/<int:tie_id>/",
        people.GuardianEdit.as_view(),
        name="guardian-edit",
    ),
    path(
        "<int:student_id>/guardians/<int:tie_id>/end/",
        people.GuardianEnd.as_view(),
        name="guardian-end",
    ),
    path("<int:student_id>/household/", people.HouseholdJoin.as_view(), name="household-join"),
    path(
        "<int:student_id>/household/leave/",
        people.HouseholdLeave.as_view(),
        name="household-leave",
    ),
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
