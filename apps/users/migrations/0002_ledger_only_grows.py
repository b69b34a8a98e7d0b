"""Has the database refuse to change a line of the ledger, and on PostgreSQL to delete one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SQLITE = """
CREATE TRIGGER users_creditentry_only_grows BEFORE UPDATE ON users_creditentry
BEGIN SELECT RAISE(ABORT, 'the ledger is only ever appended to'); END
"""
# SQLite has no TRUNCATE, so there a refusal to delete would also forbid emptying a test database.
POSTGRESQL = """
CREATE FUNCTION users_creditentry_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is only ever appended to' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER users_creditentry_only_grows BEFORE UPDATE OR DELETE ON users_creditentry
FOR EACH ROW EXECUTE FUNCTION users_creditentry_only_grows();
"""


def create(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute(SQLITE)
    else:
        editor.execute(POSTGRESQL)


def drop(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER users_creditentry_only_grows")
    else:
        editor.execute("DROP TRIGGER users_creditentry_only_grows ON users_creditentry")
        editor.execute("DROP FUNCTION users_creditentry_only_grows()")


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
