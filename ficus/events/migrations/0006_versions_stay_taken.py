"""Has the database refuse a version of an aggregate that an archived event has: the table's own constraint cannot."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# An entry that is restored has its old position; a new one has none yet, or one behind every archive.
TAKEN = """
    SELECT 1 FROM ficus_events_archivedaggregate AS archived
    JOIN ficus_events_archive AS archive ON archive.id = archived.archive_id
    WHERE archived.aggregate_type = NEW.aggregate_type AND archived.aggregate_id = NEW.aggregate_id
    AND archived.last_version >= NEW.aggregate_version AND (NEW.position IS NULL OR NEW.position > archive.last)
"""
SQLITE = f"""
CREATE TRIGGER ficus_events_logentry_version_not_archived AFTER INSERT ON ficus_events_logentry
BEGIN SELECT RAISE(ABORT, 'an archived event has this aggregate_version') WHERE EXISTS ({TAKEN}); END
"""
# After the insert: it may have waited for the very transaction that took the archived event out of the table.
POSTGRESQL = f"""
CREATE FUNCTION ficus_events_logentry_version_not_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS ({TAKEN}) THEN
        RAISE EXCEPTION 'an archived event has this aggregate_version' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ficus_events_logentry_version_not_archived AFTER INSERT ON ficus_events_logentry
FOR EACH ROW EXECUTE FUNCTION ficus_events_logentry_version_not_archived();
"""


def create(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute(SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL)


def drop(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER ficus_events_logentry_version_not_archived")
    else:
        editor.execute("DROP TRIGGER ficus_events_logentry_version_not_archived ON ficus_events_logentry")
        editor.execute("DROP FUNCTION ficus_events_logentry_version_not_archived()")


class Migration(migrations.Migration):
    dependencies = [("ficus_events", "0005_archives")]
    operations = [migrations.RunPython(create, drop)]
