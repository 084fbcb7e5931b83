"""双线包保, below /cases/duties/."""

from django.urls import path

from casework.views import duties, duty_lists, pledges, posts

urlpatterns = [
    path("", duties.GapList.as_view(), name="gap-list"),
    path("people/", duties.DutyList.as_view(), name="duty-list"),
    path("people/new/", duties.DutyNew.as_view(), name="duty-new"),
    path("people/teachers/", duty_lists.DutyTeachers.as_view(), name="duty-teachers"),
    path("people/sheet/", duty_lists.DutySheet.as_view(), name="duty-sheet"),
    path("people/sheet/form/", duty_lists.DutyTemplate.as_view(), name="duty-template"),
    path("people/<int:duty_id>/end/", duties.DutyEnd.as_view(), name="duty-end"),
    path("people/<int:duty_id>/replace/", duties.DutyReplace.as_view(), name="duty-replace"),
    path("student/<int:student_id>/", duties.DutyOfStudent.as_view(), name="duty-of-student"),
    path("posts/", posts.PostList.as_view(), name="post-list"),
    path("posts/new/", posts.PostNew.as_view(), name="post-new"),
    path("posts/<slug:post_code>/", posts.PostEdit.as_view(), name="post-edit"),
    path("pledges/", pledges.PledgeIndex.as_view(), name="pledge-list"),
    path("pledges/papers/", pledges.PledgePapers.as_view(), name="pledge-papers"),
    path("pledges/scans/<int:pledge_id>/", pledges.PledgeScan.as_view(), name="pledge-scan"),
    path(
        "pledges/scans/<int:pledge_id>/withdraw/",
        pledges.PledgeWithdraw.as_view(),
        name="pledge-withdraw",
    ),
    path(
        "pledges/<slug:pledge_kind>/<int:pledge_place>/paper/",
        pledges.PledgePaper.as_view(),
        name="pledge-paper",
    ),
    path(
        "pledges/<slug:pledge_kind>/<int:pledge_place>/sign/",
        pledges.PledgeSign.as_view(),
        name="pledge-sign",
    ),
]
