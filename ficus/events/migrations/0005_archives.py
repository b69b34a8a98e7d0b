import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ficus_events", "0004_followers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Archive",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.BigIntegerField(unique=True)),
                ("last", models.BigIntegerField(unique=True)),
                ("path", models.CharField(max_length=500)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.BigIntegerField()),
                ("blocks", models.JSONField()),
                ("recorded_from", models.DateTimeField()),
                ("recorded_until", models.DateTimeField()),
                ("archived_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__lte", models.F("last"))), name="ficus_events_archive_not_empty"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchivedAggregate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("aggregate_type", models.CharField(max_length=50)),
                ("aggregate_id", models.UUIDField()),
                ("first_version", models.PositiveBigIntegerField()),
                ("last_version", models.PositiveBigIntegerField()),
                ("blocks", models.JSONField()),
                (
                    "archive",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aggregates",
                        to="ficus_events.archive",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("aggregate_type", "aggregate_id", "archive"),
                        name="ficus_events_archivedaggregate_unique",
                    )
                ],
            },
        ),
    ]
