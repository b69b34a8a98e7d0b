"""The routes of a new installation: the paths of the users and orders services."""

from typing import Any

from django.db import migrations

SERVICES = {
    "users": "Who the customers are, how they sign in, how much credit they have",
    "orders": "What they bought",
}
PUBLIC, OPTIONAL, SIGNED_IN = "public", "optional", "signed in"
EXACT, PREFIX = "exact", "prefix"

# name, service, path, match, methods, access, further terms
ROUTES: list[tuple[str, str, str, str, str, str, dict[str, Any]]] = [
    ("sign-in", "users", "/auth", PREFIX, "", PUBLIC, {"note": "Passwords and refresh tokens"}),
    ("oauth", "users", "/oauth", PREFIX, "", PUBLIC, {"note": "The OAuth2 server checks its clients itself"}),
    ("oauth-authorize", "users", "/oauth/authorize", EXACT, "", OPTIONAL, {"note": "Asks whoever is signed in"}),
    ("oauth-userinfo", "users", "/oauth/userinfo", EXACT, "", OPTIONAL, {}),
    ("well-known", "users", "/.well-known", PREFIX, "", PUBLIC, {"note": "Metadata and keys"}),
    ("users", "users", "/users", PREFIX, "", SIGNED_IN, {}),
    ("users-register", "users", "/users", EXACT, "POST", OPTIONAL, {"note": "Anyone may register"}),
    ("users-document", "users", "/users/openapi.json", EXACT, "", PUBLIC, {}),
    ("users-static", "users", "/users/static", PREFIX, "GET HEAD", PUBLIC, {}),
    ("users-admin", "users", "/users/admin", PREFIX, "", SIGNED_IN, {"timeout_ms": 10_000}),
    ("products", "orders", "/products", PREFIX, "", OPTIONAL, {}),
    ("orders", "orders", "/orders", PREFIX, "", SIGNED_IN, {}),
    ("orders-place", "orders", "/orders", EXACT, "POST", SIGNED_IN, {"waits": True}),
    ("orders-document", "orders", "/orders/openapi.json", EXACT, "", PUBLIC, {"timeout_ms": 5_000}),
    ("orders-static", "orders", "/orders/static", PREFIX, "GET HEAD", PUBLIC, {}),
    ("orders-admin", "orders", "/orders/admin", PREFIX, "", SIGNED_IN, {"timeout_ms": 10_000}),
    ("monolith-static", "users", "/monolith/static", PREFIX, "GET HEAD", PUBLIC, {"note": "Of both, as a monolith"}),
]


def lay(apps: Any, schema_editor: Any) -> None:
    service, route = apps.get_model("control", "Service"), apps.get_model("control", "Route")
    apps.get_model("control", "TableVersion").objects.create(id=1, number=1)
    named = {name: service.objects.create(name=name, description=text) for name, text in SERVICES.items()}
    for name, owner, path, match, methods, access, terms in ROUTES:
        route.objects.create(
            name=name, service=named[owner], path=path, match=match, methods=methods, access=access, **terms
        )


def lift(apps: Any, schema_editor: Any) -> None:
    apps.get_model("control", "Route").objects.all().delete()
    apps.get_model("control", "Service").objects.all().delete()
    apps.get_model("control", "TableVersion").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("control", "0001_initial")]
    operations = [migrations.RunPython(lay, lift)]
