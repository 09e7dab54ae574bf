from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0008_passkey_ceremonies")]

    operations = [
        migrations.AddField(
            model_name="restriction",
            name="reasons",
            field=models.JSONField(db_default=[], default=list),
        ),
    ]
