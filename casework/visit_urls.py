"""Visits on the office's side: one visit, its photos, and what a person must decide."""

from django.urls import path

from casework.views import held, visit_plans, visits

urlpatterns = [
    path("held/", held.HeldIndex.as_view(), name="held-list"),
    path("held/<int:held_id>/", held.HeldDetail.as_view(), name="held-detail"),
    path("reviews/", visit_plans.VisitReviews.as_view(), name="visit-reviews"),
    path("<uuid:visit_id>/review/", visit_plans.ReviewVisit.as_view(), name="visit-review"),
    path("plans/", visit_plans.BatchIndex.as_view(), name="visit-batch-list"),
    path("plans/new/", visit_plans.NewBatch.as_view(), name="visit-batch-new"),
    path("plans/<int:visit_batch_id>/", visit_plans.BatchDetail.as_view(), name="visit-batch"),
    path("planned/<int:planned_id>/", visit_plans.NotePlanned.as_view(), name="visit-planned"),
    path("<uuid:visit_id>/", visits.VisitDetail.as_view(), name="visit-detail"),
    path("photos/<uuid:photo_id>/", visits.VisitPhotoFile.as_view(), name="visit-photo"),
]
