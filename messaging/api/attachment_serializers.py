"""What the endpoints of attachments accept and answer; byte strings are unpadded base64url."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class AttachmentUploadIn(serializers.Serializer[None]):
    conversation = serializers.UUIDField()
    length = serializers.IntegerField(min_value=1, max_value=2**40, help_text="bytes of the sealed blob")


class AttachmentCompleteIn(serializers.Serializer[None]):
    sha256 = serializers.RegexField(r"^[A-Za-z0-9_-]{43}$", help_text="of the sealed blob, base64url")


class AttachmentUploadOut(serializers.Serializer[Any]):
    """An upload: part `i` of `n_parts` is the bytes from `i * part_bytes` on; all but the last one are that long."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=["open", "complete"])
    length = serializers.IntegerField()
    part_bytes = serializers.IntegerField()
    n_parts = serializers.IntegerField()
    received = serializers.ListField(child=serializers.IntegerField(), help_text="the parts that are there")
    expires_at = serializers.DateTimeField(help_text="when it is forgotten unless a message refers to it")
