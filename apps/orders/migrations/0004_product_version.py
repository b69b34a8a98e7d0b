from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0003_rebuild_runs"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="version",
            field=models.BigIntegerField(default=0),
        ),
    ]
