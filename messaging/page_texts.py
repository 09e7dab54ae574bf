"""Texts that the scripts of the chat and key pages show, translated by the server."""

from __future__ import annotations

from django.utils.translation import gettext as _


def keys_texts() -> dict[str, str]:
    """For `frontend/src/keys/main.ts`."""
    return {
        "code_differs": _("That is not the code above. Look at it again, symbol by symbol."),
        "code_mistyped": _("A symbol is wrong or missing: the code has 27 symbols."),
        "code_wrong": _("This recovery code does not open your keys."),
        "device_label": _("Browser"),
        "failed": _("That did not work. Check your connection and try again; nothing is lost."),
    }


def chat_texts() -> dict[str, str]:
    """For `frontend/src/chat/main.ts`. Names in braces are filled by the script."""
    return {
        "send": _("Send"),
        "send_for": _("Send for {price} credits"),
        "status_sending": _("sending"),
        "status_sent": _("sent"),
        "status_delivered": _("delivered"),
        "status_read": _("read"),
        "status_failed": _("not sent, not charged"),
        "erased": _("This message was deleted."),
        "cannot_verify": _("This message could not be verified and is not shown."),
        "cannot_verify_chat": _("The conversation could not be verified. Reload the page; if it stays, tell us."),
        "peer_has_no_keys": _("This person has not set up encryption yet. You can write as soon as they have."),
        "hold_open_fan": _("{credits} credits held, back to you if there is no answer by {until}"),
        "hold_open_creator": _("Answer by {until} to earn {credits} credits, less the fee"),
        "hold_released": _("Answered: the credits were paid out"),
        "hold_refunded": _("No answer in time: the credits went back"),
        "problem_offline": _("You are offline. The message is kept here; send it again when you are back."),
        "problem_insufficient_credits": _("This message costs {price} credits and you do not have enough."),
        "problem_price_changed": _("The price has changed to {price} credits. Send again to accept it."),
        "problem_spending_cap_reached": _("This would exceed your spending limit for today."),
        "problem_blocked": _("You cannot write to this person."),
        "problem_muted": _("That was too fast. Wait a minute and send again."),
        "problem_other": _("The message was not sent and not charged. Try again."),
    }
