"""Who may do what with users: see ``tests.access``, which says who the columns are."""

from tests.access import OPEN, Ask

# anonymous, customer, other customer, support, operator, admin, service
TABLE = {
    **OPEN,
    "GET /.well-known/jwks.json": "200 200 200 200 200 200 200",
    "GET /.well-known/oauth-authorization-server": "200 200 200 200 200 200 200",
    "GET /.well-known/openid-configuration": "200 200 200 200 200 200 200",
    "GET /.well-known/revocations.json": "200 200 200 200 200 200 200",
    "POST /auth/refresh": "401 401 401 401 401 401 401",
    "POST /auth/revoke": "204 204 204 204 204 204 204",
    "POST /auth/token": "401 401 401 401 401 401 401",
    "GET /oauth/authorize": "302 400 400 400 400 400 302",
    "POST /oauth/authorize": "302 200 200 200 200 200 302",
    "PUT /oauth/authorize": "302 200 200 200 200 200 302",
    "POST /oauth/introspect": "403 403 403 403 403 403 403",
    "POST /oauth/revoke": "401 401 401 401 401 401 401",
    "POST /oauth/token": "401 401 401 401 401 401 401",
    "GET /oauth/userinfo": "401 401 401 401 401 401 401",
    "POST /oauth/userinfo": "401 401 401 401 401 401 401",
    "GET /users": "401 200 200 200 200 200 200",
    "POST /users": "201 201 201 201 201 201 201",
    "GET /users/<uuid:user_id>": "401 200 404 200 200 200 404",
    "PATCH /users/<uuid:user_id>": "401 200 404 404 200 200 404",
    "GET /users/<uuid:user_id>/credit": "401 200 404 200 200 200 404",
    "GET /users/<uuid:user_id>/credit/entries": "401 200 404 200 200 200 404",
    "POST /users/<uuid:user_id>/credit/grants": "401 403 403 403 201 201 403",
    "POST /users/<uuid:user_id>/deactivate": "401 403 403 403 200 200 403",
    "POST /users/<uuid:user_id>/reactivate": "401 403 403 403 409 409 403",
    "GET /users/me": "401 200 200 200 200 200 404",
    "GET /users/openapi.json": "200 200 200 200 200 200 200",
}

# Who finds the customer's own in a list that everybody may ask for.
FOUND_BY = {
    "GET /users": "customer support operator admin",
}

SIGN_IN = {"username": "ada", "password": "wrong horse battery"}
ASKS = {
    "POST /auth/token": Ask(SIGN_IN),
    "POST /auth/refresh": Ask({"refresh_token": "none of ours"}),
    "POST /auth/revoke": Ask({"refresh_token": "none of ours"}),
    "POST /oauth/token": Ask({"grant_type": "client_credentials"}, is_form=True),
    "POST /oauth/revoke": Ask({"token": "none of ours"}, is_form=True),
    "POST /oauth/introspect": Ask({"token": "none of ours"}, is_form=True),
    "POST /users": Ask({"username": "new", "email": "new@example.com", "password": "correct horse battery"}),
    "PATCH /users/<uuid:user_id>": Ask({"first_name": "Ada"}),
    "POST /users/<uuid:user_id>/deactivate": Ask({"reason": "left"}),
    "POST /users/<uuid:user_id>/reactivate": Ask({"reason": "back"}),
    "POST /users/<uuid:user_id>/credit/grants": Ask({"amount": 100, "reason": "a gift"}),
}
