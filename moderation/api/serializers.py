from __future__ import annotations

from typing import Any

from rest_framework import serializers

from security.log_selectors import LogRow


class LogRowOut(serializers.Serializer[LogRow]):
    """One try to sign in: `outcome`, `failure_reason`, `door` and `risk` are codes."""

    created_at = serializers.DateTimeField()
    outcome = serializers.CharField()
    result = serializers.CharField()
    failure_reason = serializers.CharField()
    door = serializers.CharField()
    user_id = serializers.UUIDField(source="user_uid", allow_null=True)
    ip = serializers.CharField()
    device = serializers.CharField()
    is_new_device = serializers.BooleanField()
    risk_score = serializers.IntegerField(allow_null=True)
    risk = serializers.ListField(child=serializers.CharField())
    session_id = serializers.UUIDField(source="family", allow_null=True)


class FiguresOut(serializers.Serializer[Any]):
    """Counts over all attempts that fit; rates in per cent, null where there are none."""

    n_attempts = serializers.IntegerField()
    n_succeeded = serializers.IntegerField()
    n_failed = serializers.IntegerField()
    success_rate = serializers.FloatField(allow_null=True)
    failure_rate = serializers.FloatField(allow_null=True)
    n_users = serializers.IntegerField()
    n_addresses = serializers.IntegerField()
