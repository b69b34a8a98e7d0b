"""Every path that users answers, as at the front door; with and without a slash at the end."""

from django.urls import include, path

from apps.users.admin import site
from apps.users.views import credit, oauth, people, sessions
from ficus.http.openapi import document
from ficus.http.routes import endpoint

# The toolkit finds its own endpoints by these names.
oauth_patterns = [
    endpoint("oauth/authorize", oauth.Authorize.as_view(), name="authorize"),
    endpoint("oauth/token", oauth.Token.as_view(), name="token"),
    endpoint("oauth/revoke", oauth.Revoke.as_view(), name="revoke-token"),
    endpoint("oauth/introspect", oauth.Introspect.as_view(), name="introspect"),
    endpoint("oauth/userinfo", oauth.UserInfo.as_view(), name="user-info"),
    endpoint(
        ".well-known/openid-configuration", oauth.OpenIdConfiguration.as_view(), name="oidc-connect-discovery-info"
    ),
    endpoint(".well-known/oauth-authorization-server", oauth.ServerMetadata.as_view(), name="oauth-server-metadata"),
    endpoint(".well-known/revocations.json", oauth.Revocations.as_view(), name="revocations"),
    endpoint(".well-known/jwks.json", oauth.JsonWebKeys.as_view(), name="jwks-info"),
]
urlpatterns = [
    endpoint("auth/token", sessions.SignIn.as_view(), name="sign_in"),
    endpoint("auth/refresh", sessions.RefreshSession.as_view(), name="refresh_session"),
    endpoint("auth/revoke", sessions.EndSession.as_view(), name="end_session"),
    path("", include((oauth_patterns, "oauth2_provider"))),
    endpoint("users", people.UserList.as_view(), name="user_list"),
    endpoint("users/me", people.CurrentUser.as_view(), name="current_user"),
    endpoint("users/openapi.json", document("apps.users.urls"), name="users_openapi"),
    path("users/admin/", site.urls),
    endpoint("users/<uuid:user_id>", people.UserDetail.as_view(), name="user_detail"),
    endpoint("users/<uuid:user_id>/deactivate", people.DeactivateUser.as_view(), name="deactivate_user"),
    endpoint("users/<uuid:user_id>/reactivate", people.ReactivateUser.as_view(), name="reactivate_user"),
    endpoint("users/<uuid:user_id>/credit", credit.Credit.as_view(), name="credit"),
    endpoint("users/<uuid:user_id>/credit/entries", credit.CreditEntries.as_view(), name="credit_entries"),
    endpoint("users/<uuid:user_id>/credit/grants", credit.CreditGrants.as_view(), name="grant_credit"),
]
