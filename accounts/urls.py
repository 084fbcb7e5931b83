from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("county/", views.CountyChoose.as_view(), name="county-choose"),
    path("password/", views.PasswordChange.as_view(), name="password-change"),
    path("tokens/", views.TokenList.as_view(), name="token-list"),
    path("tokens/new/", views.TokenNew.as_view(), name="token-new"),
    path("tokens/<int:token_id>/revoke/", views.TokenRevoke.as_view(), name="token-revoke"),
]
