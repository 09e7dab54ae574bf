from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_payout_waits")]

    operations = [
        migrations.AddField(
            model_name="moneyback",
            name="accept_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="moneyback",
            name="accept_refused",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
    ]
