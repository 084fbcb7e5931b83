from django.urls import path

from bench.peers import pull

urlpatterns = [
    path("page", pull.ByPage.as_view({"get": "list"})),
    path("cursor", pull.ByCursor.as_view({"get": "list"})),
    path("copy", pull.copied),
]
