"""Log-in and account. The names that begin with `account_` are allauth's: it looks them up."""

from allauth.account import views as allauth
from django.urls import path, re_path
from django.views.generic import RedirectView

from labeling.views.account import account, reviewing
from labeling.views.first import first_administrator
from labeling.views.invitations import follow
from labeling.views.login import LinkView, LoginView, ResetView
from labeling.views.notifications import news_settings
from labeling.views.tokens import revoke

urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("login/", LoginView.as_view(), name="account_login"),
    path("account/", account, name="account"),
    path("account/reviewing/", reviewing, name="account_reviewing"),
    path("account/first/", first_administrator, name="first_administrator"),
    path("account/notifications/", news_settings, name="news_settings"),
    path("account/invitation/", follow, name="invitation"),
    path("account/tokens/<uuid:uid>/revoke/", revoke, name="account_revoke_token"),
    path("account/password/", allauth.password_change, name="account_change_password"),
    # Who has no password is given one by a link.
    path(
        "account/password/set/",
        RedirectView.as_view(pattern_name="account_reset_password"),
        name="account_set_password",
    ),
    path("account/reset/", ResetView.as_view(), name="account_reset_password"),
    path("account/reset/sent/", allauth.password_reset_done, name="account_reset_password_done"),
    path("account/reset/done/", allauth.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^account/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        LinkView.as_view(),
        name="account_reset_password_from_key",
    ),
]
