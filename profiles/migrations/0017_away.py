from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("profiles", "0016_near_words")]

    operations = [
        migrations.AddField("profile", "away_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "profile", "away_note", models.CharField(blank=True, db_default="", default="", max_length=200)
        ),
        run_sql_file(path=Path(__file__).resolve().parents[1] / "sql" / "0006_away.sql"),
    ]
