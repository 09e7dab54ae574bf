"""Texts that the scripts of the chat and key pages show, translated by the server."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# The chat warns while the balance covers fewer messages than this (`WARN_BELOW` in frontend/src/chat/composer.ts).
WARN_BELOW = 4


def keys_texts() -> dict[str, str]:
    """For `frontend/src/keys/main.ts`."""
    return {
        "code_differs": _("That is not the code above. Look at it again, symbol by symbol."),
        "code_mistyped": _("A symbol is wrong or missing: the code has 27 symbols."),
        "code_wrong": _("This recovery code does not open your keys."),
        "copied": _("Copied"),
        "device_label": _("Browser"),
        "failed": _("That did not work. Check your connection and try again; nothing is lost."),
        "file_name": _("pairly-recovery-code.txt"),
        "file_text": _("Recovery code of Pairly, account {name}:"),
    }


def chat_texts(*, peer_name: str) -> dict[str, str]:
    """For `frontend/src/chat/`. Names in braces are filled by the script."""
    return {
        **_composer(),
        **_rows(),
        **_holds(),
        **_problems(peer_name=peer_name),
        "jump": _("Jump to the newest message"),
        "jump_new": _("New messages: {n}. Jump to the newest"),
        "price_line": _("{price} credits a message"),
        "price_changed": _("A message cost {old} credits and costs {new} now. Nothing has been charged."),
        "price_free": _("A message cost {old} credits and is free now. Nothing has been charged."),
        "nearest": _("Answer due in {span}"),
    }


def _composer() -> dict[str, str]:
    covers = {
        f"covers_{n}": ngettext(
            "Your balance covers %(n)s more message.", "Your balance covers %(n)s more messages.", n
        )
        % {"n": n}
        for n in range(1, WARN_BELOW)
    }
    return {
        **covers,
        "covers_0": _("A message costs {price} credits and you have {balance}."),
        "send": _("Send"),
        "send_for": _("Send for {price} credits"),
        "characters_left": _("Characters left: {n}"),
    }


def _rows() -> dict[str, str]:
    return {
        "you": _("You"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "new": _("New"),
        "status_sending": _("sending"),
        "status_waiting": _("waiting for the connection"),
        "status_sent": _("sent"),
        "status_delivered": _("delivered"),
        "status_read": _("read"),
        "status_failed": _("not sent"),
        "erased": _("This message was deleted."),
        "cannot_verify": _("This message could not be verified and is not shown."),
    }


def _holds() -> dict[str, str]:
    return {
        "hold_open_mine": _("{credits} credits held · answer due in {span}"),
        "hold_over_mine": _("{credits} credits held · no answer in time, they are on their way back"),
        "hold_open_theirs": _("{credits} credits, less the fee, for an answer within {span}"),
        "hold_over_theirs": _("The time for an answer is over: the credits are on their way back"),
        "hold_released": _("Answered: {credits} credits paid out"),
        "hold_released_in": _("Answered in {span} · {credits} credits paid out"),
        "hold_refunded": _("No answer in time: {credits} credits went back"),
    }


def _problems(*, peer_name: str) -> dict[str, str]:
    return {
        "cannot_verify_chat": _("The conversation could not be verified. Reload the page; if it stays, tell us."),
        "peer_has_no_keys": _("%(name)s has not set up encryption yet. You can write as soon as that is done.")
        % {"name": peer_name},
        "left_unsent": _("Not sent and not charged when you left this page. Send it now or take it back."),
        "problem_cannot_verify": _("Not sent and not charged: the other person's keys could not be verified."),
        "problem_offline": _("You are offline. This is sent once, as soon as you are back."),
        "problem_unanswered": _("The connection broke. This is sent once, as soon as it is back."),
        "problem_internal_error": _("We could not say whether this arrived. Send again: it is never charged twice."),
        "problem_insufficient_credits": _("Not sent and not charged: this costs {price} credits, more than you have."),
        "problem_spending_cap_reached": _("Not sent and not charged: it would exceed your spending limit for today."),
        "problem_blocked": _("Not sent and not charged: you cannot write to this person."),
        "problem_muted": _("Not sent and not charged: that was too fast. Wait a minute and send again."),
        "problem_rate_limited": _("Not sent and not charged: that was too fast. Wait a minute and send again."),
        "problem_other": _("Not sent and not charged. Try again."),
    }
