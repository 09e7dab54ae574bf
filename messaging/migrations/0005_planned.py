from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
import pairly.common.ids
from django.conf import settings
from django.db import migrations, models

from pairly.common.sql import run_sql_file


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0004_one_number_of_keys'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        run_sql_file(path=Path(__file__).parents[1] / "sql" / "0006_planned.sql"),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('uid', models.UUIDField(unique=True)),
                ('kind', models.CharField(choices=[('welcome', 'Welcome'), ('scheduled', 'Scheduled'), ('broadcast', 'Broadcast')], max_length=9)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='queued', max_length=9)),
                ('audience', models.CharField(choices=[('one', 'One'), ('first_writers', 'First Writers'), ('everybody', 'Everybody'), ('paying', 'Paying'), ('followers', 'Followers')], max_length=13)),
                ('box', models.BinaryField(max_length=40960)),
                ('send_at', models.DateTimeField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='plans', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PlannedMessage',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('message', models.UUIDField(default=pairly.common.ids.uuid7, editable=False, unique=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('skipped', 'Skipped')], default='waiting', max_length=7)),
                ('reason', models.CharField(blank=True, help_text='the code for which it was skipped', max_length=40)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='messaging.conversation')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='messaging.plan')),
            ],
        ),
        migrations.CreateModel(
            name='SealedText',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('uid', models.UUIDField(unique=True)),
                ('box', models.BinaryField(max_length=40960)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sealed_texts', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='plan',
            index=models.Index(fields=['user', '-id'], name='plan_of_user'),
        ),
        migrations.AddIndex(
            model_name='plan',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['send_at'], name='plan_due'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('audience', 'first_writers'), ('kind', 'welcome')), models.Q(('audience', 'one'), ('kind', 'scheduled')), models.Q(('audience__in', ['everybody', 'paying', 'followers']), ('kind', 'broadcast')), _connector='OR'), name='plan_audience_fits'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['done', 'cancelled']), ('ended_at__isnull', True), _connector='XOR'), name='plan_ended'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('kind', 'welcome')), fields=('user',), name='plan_one_welcome'),
        ),
        migrations.AddIndex(
            model_name='plannedmessage',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['plan', 'id'], name='planned_waiting'),
        ),
        migrations.AddConstraint(
            model_name='plannedmessage',
            constraint=models.UniqueConstraint(fields=('plan', 'conversation'), name='planned_once'),
        ),
        migrations.AddConstraint(
            model_name='plannedmessage',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'waiting'), ('settled_at__isnull', False), _connector='XOR'), name='planned_settled'),
        ),
        migrations.AddIndex(
            model_name='sealedtext',
            index=models.Index(fields=['user', 'position', 'id'], name='sealed_text_order'),
        ),
    ]
