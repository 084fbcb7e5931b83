"""The page for visits that works without a network, and the doors it talks to."""

from django.urls import path

from casework.views import phone

urlpatterns = [
    path("", phone.PhoneShell.as_view(), name="phone"),
    path("worker.js", phone.PhoneWorker.as_view(), name="phone-worker"),
    path("manifest.webmanifest", phone.PhoneManifest.as_view(), name="phone-manifest"),
    path("me/", phone.PhoneMe.as_view(), name="phone-me"),
    path("take/", phone.PhoneTake.as_view(), name="phone-take"),
    path("ops/", phone.PhoneOps.as_view(), name="phone-ops"),
    path("photos/", phone.PhonePhotos.as_view(), name="phone-photos"),
    path("photos/<uuid:upload_id>/", phone.PhonePhoto.as_view(), name="phone-photo"),
]
