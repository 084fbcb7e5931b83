from django.urls import path

from ledgers import views

app_name = "ledgers"
urlpatterns = [
    path("", views.LedgerList.as_view(), name="ledger-list"),
    path("build/", views.LedgerBuild.as_view(), name="ledger-build"),
    path("<str:kind>/<str:period>/", views.LedgerDetail.as_view(), name="ledger-detail"),
    path("<str:kind>/<str:period>/changes/", views.LedgerChange.as_view(), name="ledger-changes"),
    path("<str:kind>/<str:period>/export/", views.LedgerExport.as_view(), name="ledger-export"),
    path(
        "<str:kind>/<str:period>/export/full/",
        views.LedgerExportFull.as_view(),
        name="ledger-export-full",
    ),
]
