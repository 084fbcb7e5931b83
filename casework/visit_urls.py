"""Visits on the office's side: one visit, its photos, and what a person must decide."""

from django.urls import path

from casework.views import held, visits

urlpatterns = [
    path("held/", held.HeldIndex.as_view(), name="held-list"),
    path("held/<int:held_id>/", held.HeldDetail.as_view(), name="held-detail"),
    path("<uuid:visit_id>/", visits.VisitDetail.as_view(), name="visit-detail"),
    path("photos/<uuid:photo_id>/", visits.VisitPhotoFile.as_view(), name="visit-photo"),
]
