from django.urls import path

from ledgers import api

app_name = "api"
urlpatterns = [
    path("ledgers", api.LedgerDirectory.as_view(), name="ledger-directory"),
    path(
        "ledgers/<str:kind>/periods/<str:period>/rows", api.LedgerRows.as_view(), name="ledger-rows"
    ),
]
