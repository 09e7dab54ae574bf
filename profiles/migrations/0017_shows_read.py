"""A switch for whether others learn what somebody has read."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0017_away")]

    operations = [
        migrations.AddField(
            model_name="profile",
            name="shows_read",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
