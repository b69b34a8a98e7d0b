"""Limits of a new installation, wide enough for all but who floods or tries passwords; a table in use is left alone."""

from typing import Any

from django.db import migrations

LIMITS = {
    # Signing in hashes a password. Behind one address there may be a whole company, which refreshes here too.
    "sign-in": ["3000/minute by address"],
    "orders-place": ["6000/minute by subject"],
}


def limit(apps: Any, schema_editor: Any) -> None:
    if apps.get_model("control", "Revision").objects.exists():
        return
    for route in apps.get_model("control", "Route").objects.filter(name__in=LIMITS, policies={}):
        route.policies = {"rate": {"limits": LIMITS[route.name]}}
        route.save(update_fields=["policies"])


class Migration(migrations.Migration):
    dependencies = [("control", "0004_cache")]
    operations = [migrations.RunPython(limit, migrations.RunPython.noop)]
