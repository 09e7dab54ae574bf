from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0002_chat"),
        ("credits", "0003_holds_faster"),
        ("profiles", "0003_prices_in_force"),
        ("users", "0004_may_contact_faster"),
    ]

    operations = [
        run_sql_file(path=Path(__file__).parents[1] / "sql" / "0003_send_faster.sql"),
        migrations.AlterField(
            "message", "boxes", models.BinaryField(null=True, help_text="as long as each other, joined")
        ),
    ]
