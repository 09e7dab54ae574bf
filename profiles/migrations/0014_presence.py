"""A switch for whether others see somebody type."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0013_social")]

    operations = [
        migrations.AddField(
            model_name="profile",
            name="shows_typing",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
