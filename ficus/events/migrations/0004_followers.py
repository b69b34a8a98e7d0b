from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ficus_events", "0003_partitions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Follower",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("consumer", models.CharField(max_length=50, unique=True)),
                ("position", models.BigIntegerField()),
                ("parked", models.BigIntegerField(null=True)),
                ("heard_at", models.DateTimeField()),
            ],
        ),
    ]
