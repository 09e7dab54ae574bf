import django.contrib.postgres.fields
import django.db.models.deletion
import pairly.common.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0005_key_approvals'),
        ('credits', '0009_holds_in_between'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AnswerDispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=pairly.common.ids.uuid7, editable=False, unique=True)),
                ('answer_op', models.UUIDField()),
                ('message_ns', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('reply_n', models.BigIntegerField(null=True)),
                ('reply_bytes', models.IntegerField(null=True)),
                ('amount_centi', models.BigIntegerField()),
                ('sent_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField()),
                ('reason', models.CharField(choices=[('empty', 'It says nothing'), ('off_topic', 'It has nothing to do with what I wrote'), ('automatic', 'It looks automatic'), ('other', 'Something else')], max_length=16)),
                ('words', models.TextField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('open', 'waits for a decision'), ('upheld', 'no answer'), ('rejected', 'an answer'), ('conceded', 'given back by the creator'), ('undecided', 'not decided in time')], default='open', max_length=16)),
                ('created_at', models.DateTimeField()),
                ('decide_by', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision', models.TextField(blank=True, help_text='why, as both read it', max_length=4000)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='disputes', to='messaging.conversation')),
                ('creator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('fan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['decide_by'], name='answer_dispute_due_idx'), models.Index(fields=['fan', 'state', 'decided_at'], name='answer_dispute_fan_idx'), models.Index(fields=['creator', 'state', 'decided_at'], name='answer_dispute_creator_idx')],
                'constraints': [models.UniqueConstraint(fields=('conversation', 'answer_op'), name='answer_dispute_once'), models.CheckConstraint(condition=models.Q(('fan', models.F('creator')), _negated=True), name='answer_dispute_two_people'), models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(models.Q(('decided_by', models.F('fan')), _negated=True), models.Q(('decided_by', models.F('creator')), _negated=True)), _connector='OR'), name='answer_dispute_decided_by_another'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='answer_dispute_decided_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', False), ('state__in', ['upheld', 'rejected'])), models.Q(models.Q(('state__in', ['upheld', 'rejected']), _negated=True), ('decided_by__isnull', True)), _connector='OR'), name='answer_dispute_decided_by_somebody')],
            },
        ),
    ]
