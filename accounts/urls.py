from django.urls import path

from accounts.views import notices, own, users

app_name = "accounts"
urlpatterns = [
    path("sign-in/", own.SignIn.as_view(), name="sign-in"),
    path("sign-out/", own.SignOut.as_view(), name="sign-out"),
    path("county/", own.CountyChoose.as_view(), name="county-choose"),
    path("password/", own.PasswordChange.as_view(), name="password-change"),
    path("keys/", own.KeysSwitch.as_view(), name="keys-switch"),
    path("notices/", notices.NoticeList.as_view(), name="notice-list"),
    path("notices/read/", notices.NoticesRead.as_view(), name="notices-read"),
    path("notices/<int:notice_id>/read/", notices.NoticeRead.as_view(), name="notice-read"),
    path("tokens/", own.TokenList.as_view(), name="token-list"),
    path("tokens/new/", own.TokenNew.as_view(), name="token-new"),
    path("tokens/<int:token_id>/revoke/", own.TokenRevoke.as_view(), name="token-revoke"),
    path("users/", users.UserList.as_view(), name="user-list"),
    path("users/new/", users.UserNew.as_view(), name="user-new"),
    path("users/<int:user_id>/", users.UserDetail.as_view(), name="user-detail"),
    path("users/<int:user_id>/password/", users.UserReset.as_view(), name="user-reset"),
    path("users/<int:user_id>/disable/", users.UserDisable.as_view(), name="user-disable"),
    path("users/<int:user_id>/enable/", users.UserEnable.as_view(), name="user-enable"),
    path("users/<int:user_id>/grants/new/", users.GrantNew.as_view(), name="grant-new"),
    path(
        "users/<int:user_id>/grants/<int:grant_id>/end/",
        users.GrantEnd.as_view(),
        name="grant-end",
    ),
]
