from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("outbox", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="outboxrow",
            index=models.Index(condition=models.Q(("state", "sent")), fields=["sent_at"], name="outbox_sent_idx"),
        ),
        AddIndexConcurrently(
            model_name="outboxrow",
            index=models.Index(condition=models.Q(("state", "dead")), fields=["deliver_at"], name="outbox_dead_idx"),
        ),
    ]
