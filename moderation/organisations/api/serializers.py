from __future__ import annotations

from rest_framework import serializers

from ...models import Delivery, Membership, Representation, Webhook
from ..constants import ADDRESS_MAX, EVENTS, NAME_MAX
from ..types import DeadDelivery, ShownCreator, ShownMember

ROLES = Membership.Role.choices


class OrganisationIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=NAME_MAX)


class OrganisationOut(serializers.ModelSerializer[Membership]):
    """An organisation and one's place in it. `accepted_at` is null while one is invited and has not answered."""

    id = serializers.UUIDField(source="organisation.uid")
    name = serializers.CharField(source="organisation.name")
    created_at = serializers.DateTimeField(source="organisation.created_at")
    role = serializers.ChoiceField(choices=ROLES)

    class Meta:
        model = Membership
        fields = ["id", "name", "created_at", "role", "invited_at", "accepted_at"]


class MemberIn(serializers.Serializer[None]):
    """Whom to invite: `user_id` or `email`, one of the two."""

    user_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    email = serializers.EmailField(required=False, allow_blank=True, default="", max_length=254)
    role = serializers.ChoiceField(choices=ROLES, required=False, default=Membership.Role.MEMBER)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if bool(attrs["user_id"]) == bool(attrs["email"]):
            raise serializers.ValidationError({"user_id": serializers.Field.default_error_messages["required"]})
        return attrs


class AddressIn(serializers.Serializer[None]):
    email = serializers.EmailField(max_length=254)


class RoleIn(serializers.Serializer[None]):
    role = serializers.ChoiceField(choices=ROLES)


class MemberOut(serializers.Serializer[ShownMember]):
    """A member, or somebody invited; `accepted_at` is null until they accept."""

    user_id = serializers.UUIDField(source="row.user.uid")
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES, source="row.role")
    invited_at = serializers.DateTimeField(source="row.invited_at")
    accepted_at = serializers.DateTimeField(source="row.accepted_at", allow_null=True)


class CreatorIn(serializers.Serializer[None]):
    user_id = serializers.UUIDField()


class CreatorOut(serializers.Serializer[ShownCreator]):
    """A creator whom an organisation represents; `accepted_at` is null until they accept."""

    id = serializers.UUIDField(source="row.uid")
    user_id = serializers.UUIDField(source="row.creator.uid")
    name = serializers.CharField()
    asked_at = serializers.DateTimeField(source="row.asked_at")
    accepted_at = serializers.DateTimeField(source="row.accepted_at", allow_null=True)


class RepresentationOut(serializers.ModelSerializer[Representation]):
    """An organisation that represents one, or asks to."""

    id = serializers.UUIDField(source="uid")
    organisation_id = serializers.UUIDField(source="organisation.uid")
    organisation_name = serializers.CharField(source="organisation.name")

    class Meta:
        model = Representation
        fields = ["id", "organisation_id", "organisation_name", "asked_at", "accepted_at"]


# -- webhooks
class EventsIn(serializers.Serializer[None]):
    """What to hear of, and whether it is paused (`is_active` false)."""

    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS), min_length=1, max_length=len(EVENTS))
    is_active = serializers.BooleanField(required=False, default=True)


class WebhookIn(serializers.Serializer[None]):
    organisation_id = serializers.UUIDField()
    target_url = serializers.CharField(max_length=ADDRESS_MAX, help_text="https, by name, on port 443 or 8443")
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS), min_length=1, max_length=len(EVENTS))


class RotateIn(serializers.Serializer[None]):
    """`at_once` ends the old secret now, as where it has leaked."""

    at_once = serializers.BooleanField(required=False, default=False)


class WebhookOut(serializers.ModelSerializer[Webhook]):
    """`old_secret_until`: so long the secret before the last change signs too; null where none does."""

    id = serializers.UUIDField(source="uid")
    organisation_id = serializers.UUIDField(source="organisation.uid")
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS))

    class Meta:
        model = Webhook
        fields = [
            "id", "organisation_id", "target_url", "events", "is_active", "created_at", "old_secret_until",
        ]  # fmt: skip


class NewWebhookOut(WebhookOut):
    """With the secret that calls are signed with; it is shown this once."""

    secret = serializers.SerializerMethodField()

    class Meta(WebhookOut.Meta):
        fields = [*WebhookOut.Meta.fields, "secret"]

    def get_secret(self, webhook: Webhook) -> str:
        return str(self.context["secret"])


class DeliveryIn(serializers.Serializer[None]):
    delivery_id = serializers.UUIDField()


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    """One event for one webhook. `event_id` is the same at every try and for every webhook; `next_at` is when it is
    tried, null once it was taken (`delivered`) or given up (`dead`)."""

    id = serializers.UUIDField(source="uid")

    class Meta:
        model = Delivery
        fields = [
            "id", "event", "event_id", "state", "n_tries", "created_at", "next_at", "last_status", "last_error",
            "ended_at",
        ]  # fmt: skip


class DeadDeliveryOut(serializers.Serializer[DeadDelivery]):
    """A notice that was given up, as staff see it."""

    id = serializers.UUIDField()
    organisation = serializers.CharField()
    host = serializers.CharField()
    event = serializers.CharField()
    event_id = serializers.UUIDField()
    n_tries = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    is_paused = serializers.BooleanField()
