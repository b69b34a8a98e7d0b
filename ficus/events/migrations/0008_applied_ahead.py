from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ficus_events", "0007_cursor_pulled_since")]

    operations = [
        migrations.AddField(
            model_name="cursor",
            name="ahead",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="AppliedAhead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("consumer", models.CharField(max_length=50)),
                ("source", models.CharField(max_length=50)),
                ("position", models.BigIntegerField()),
            ],
            options={
                "verbose_name_plural": "applied ahead",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("consumer", "source", "position"), name="ficus_events_appliedahead_unique"
                    )
                ],
            },
        ),
    ]
