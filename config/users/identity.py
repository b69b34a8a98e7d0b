"""
What a process needs that signs people in and issues tokens: the users service and the monolith.

See ``config.base`` for how a process checks tokens.
"""

from config.addresses import env, signing_key_file
from config.base import PUBLIC_URL, TOKENS
from config.demo import demo_password
from config.services import SCOPES

AUTH_USER_MODEL = "users.User"
# The names are unique without regard to case, by a constraint on lower() that this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
LOGIN_URL = f"{PUBLIC_URL}/login"

PASSWORD_HASHERS = ["apps.users.passwords.BoundedArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

SIGNING_KEY_FILE = signing_key_file(env)
TOKENS = {**TOKENS, "JWKS": "apps.users.keys.public_jwks", "REVOCATIONS": "apps.users.queries.revocations_since"}

OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": PUBLIC_URL,
    "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "client_credentials", "refresh_token"],
    "OAUTH2_SERVER_CLASS": "apps.users.oauth.Server",
    "OAUTH2_VALIDATOR_CLASS": "apps.users.oauth.Validator",
    "ACCESS_TOKEN_GENERATOR": "apps.users.tokens.access_token",
    "REFRESH_TOKEN_GENERATOR": "apps.users.tokens.refresh_token",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 300,
    "ID_TOKEN_EXPIRE_SECONDS": 300,
    # Two weeks without use end a session.
    "REFRESH_TOKEN_EXPIRE_SECONDS": env.int("SESSION_IDLE_SECONDS", 14 * 24 * 3600),
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "ROTATE_REFRESH_TOKEN": True,
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "SCOPES": {
        "openid": "Know who you are",
        "profile": "See your name",
        "email": "See your email address",
        **SCOPES,
    },
    "DEFAULT_SCOPES": ["openid"],
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

# What everybody is granted on joining, in minor units of the currency (ISO 4217).
CREDIT_GRANT_ON_JOINING = env.int("CREDIT_GRANT_ON_JOINING", 100_000)
CREDIT_CURRENCY = env.str("CREDIT_CURRENCY", "EUR")

# Of ada, sam, olga, root and every seeded customer; production has no such people.
DEMO_PASSWORD = demo_password(env)
