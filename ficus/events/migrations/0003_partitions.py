from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ficus_events", "0002_parked_decisions")]

    operations = [
        migrations.AddField(
            model_name="cursor",
            name="partitions",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="cursor",
            name="passed",
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
    ]
