from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0011_facts")]

    operations = [
        migrations.AddField(
            model_name="picture",
            name="file_key",
            field=models.UUIDField(null=True, blank=True, unique=True, editable=False),
        ),
        # A gallery of 12 changes its order by way of 12 places more.
        migrations.RemoveConstraint(model_name="picture", name="picture_kind_and_position"),
        migrations.AddConstraint(
            model_name="picture",
            constraint=models.CheckConstraint(
                condition=models.Q(kind="portrait", position=0) | models.Q(kind="gallery", position__lt=24),
                name="picture_kind_and_position",
            ),
        ),
    ]
