from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0008_discovery_indexes")]

    operations = [
        migrations.AddField(
            model_name="place",
            name="region",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.CreateModel(
            name="PlaceName",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("folded", models.CharField(max_length=200)),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="names", to="profiles.place"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["folded"], name="place_name_prefix_idx", opclasses=["varchar_pattern_ops"]
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("place", "folded"), name="place_name_once")],
            },
        ),
    ]
