from __future__ import annotations

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from credits.registry import on_conversations, on_holds_voided
        from users.registry import on_acquaintance, on_block, on_privacy

        from . import selectors
        from .services import deadlines, privacy, requests

        on_acquaintance(selectors.has_conversation)
        on_block(requests.decline_between)
        on_holds_voided(deadlines.tell_of_reversed_holds)
        on_conversations(selectors.list_conversation_uids)
        on_privacy(export=privacy.export, erase=privacy.erase)
