"""Texts that the scripts of the chat and key pages show, translated by the server."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# The chat warns while the balance covers fewer messages than this (`WARN_BELOW` in frontend/src/chat/composer.ts).
WARN_BELOW = 4


def keys_texts() -> dict[str, str]:
    """For `frontend/src/keys/`. Names in braces are filled by the script."""
    return {
        **_key_problems(),
        **_key_centre(),
        "begun_anew": _("You have begun anew. Write down the new recovery code where the old one was."),
        "code_differs": _("That is not the code above. Look at it again, symbol by symbol."),
        "copied": _("Copied"),
        "device_label": _("Browser"),
        "device_name": _("{browser} on {system}"),
        "failed": _("That did not work. Check your connection and try again; nothing is lost."),
        "file_missing": _("Choose the key file first."),
        "file_name": _("pairly-recovery-code.txt"),
        "file_text": _("Recovery code of Pairly, account {name}:"),
        "renewed": _("The new recovery code counts from now on. Destroy the old one."),
        "reset_word": _("begin anew"),
        "reset_word_differs": _("Type the two words exactly as they stand there."),
        "secret_missing": _("Type your recovery code or your passphrase."),
        "stale_text": _(
            "A device was revoked or your keys were renewed on another device. Type the recovery code or the "
            "passphrase once, and everything is readable here again."
        ),
        "stale_title": _("Your keys were renewed on another device"),
        "was_late": _("Nobody answered within ten minutes. Ask again, or use the recovery code."),
        "was_refused": _("Your other device refused. If that was not you, change your password."),
    }


def _key_problems() -> dict[str, str]:
    """By the code of what went wrong."""
    return {
        "problem_wrong_secret": _("This does not open your keys. Look at it again, symbol by symbol."),
        "problem_slot_unknown": _(
            "A symbol is wrong or missing: the recovery code has 27 symbols. A passphrase is not set."
        ),
        "problem_no_backup": _("There is no copy of your keys on our side. Use your key file."),
        "problem_backup_damaged": _("The copy of your keys is damaged. Use your key file."),
        "problem_file_too_old": _(
            "This key file is from before your keys were renewed. Use the recovery code or passphrase of now."
        ),
        "problem_not_a_key_file": _("This is not a key file of Pairly."),
        "problem_other_account": _("This key file belongs to another account."),
        "problem_old_identity": _("These keys are from before you began anew. Use the code that you have since then."),
        "problem_clock_skew": _("The clock of your device is wrong. Correct it and try again."),
        "problem_version_conflict": _("Your keys were changed on another device just now. Try again."),
        "problem_stmt_chain": _("Your keys were changed on another device just now. Try again."),
        "problem_too_many_devices": _("Twenty devices have your keys already. Revoke one that you do not use."),
        "problem_too_many_approvals": _("Three devices are waiting already. Answer them first, or use the code."),
        "problem_approval_over": _("This request is over. Ask again on the new device."),
        "problem_rate_limited": _("That was too often. Wait a while, or use the recovery code."),
        "problem_cannot_verify": _("What came back could not be verified, so nothing was taken over. Use the code."),
    }


def _key_centre() -> dict[str, str]:
    return {
        **_key_dialogs(),
        "approval_until": _("Waits until {time} UTC"),
        "device_added": _("Added {day}"),
        "device_gone": _("Revoked {time} UTC"),
        "device_label_of": _("Name of {name}"),
        "device_seen": _("Last seen {time} UTC"),
        "device_unnamed": _("Device without a name"),
        "granted": _("{name} reads your messages from now on."),
        "key_file_name": _("pairly-keys.json"),
        "passphrase_change": _("Change"),
        "passphrase_done": _("Your passphrase opens your keys from now on."),
        "passphrase_off": _("Not set"),
        "passphrase_on": _("Set"),
        "passphrase_set": _("Set"),
        "recovery_off": _("Missing"),
        "recovery_on": _("Set"),
        "revoke_of": _("Revoke {name}"),
        "revoked_keep_code": _(
            "The device was signed out and reads nothing new. Your recovery code stays; set a passphrase again."
        ),
        "revoked_new_code": _(
            "The device was signed out and reads nothing new. The old recovery code works no more: make a new one now."
        ),
        "revoked_stolen": _("Now change your password, too."),
    }


def _key_dialogs() -> dict[str, str]:
    return {
        "compare_first": _("Compare the code with the one on the other device, and tick the box."),
        "grant_button": _("Let it in"),
        "grant_text": _("The new device shows a code. Let it in only if it is exactly this one:"),
        "grant_title": _("Let {name} read your messages?"),
        "passphrase_button": _("Keep this passphrase"),
        "passphrase_text": _(
            "It opens your keys besides the recovery code. Never take the password that you sign in with: our server "
            "sees that one."
        ),
        "passphrase_title": _("Choose a passphrase"),
        "passphrases_differ": _("The two passphrases differ."),
        "renew_button": _("Show the new code"),
        "renew_text": _("You get a new code and type it back; then the old one opens nothing any more."),
        "renew_title": _("Make a new recovery code?"),
        "revoke_button": _("Revoke this device"),
        "revoke_text": _(
            "It is signed out and reads nothing that is written from now on. Your other devices ask for the recovery "
            "code or passphrase once."
        ),
        "revoke_title": _("Revoke {name}?"),
        "strength_fair": _("Fair. Four or more words picked by chance are stronger."),
        "strength_good": _("Good."),
        "strength_weak": _("Too easy to guess: take at least 12 symbols, better several words."),
    }


def planned_texts() -> dict[str, str]:
    """For `frontend/src/planned/main.ts`."""
    return {
        "locked": _("Sealed with a key that this device does not have."),
        "remove": _("Remove"),
        "edit": _("Edit"),
        "offline": _("That did not work. Check your connection and try again; nothing is lost."),
        "saved": _("Saved"),
    }


def _planned() -> dict[str, str]:
    return {
        "automatic_welcome": _("Automatic: a welcome"),
        "automatic_scheduled": _("Automatic: planned beforehand"),
        "automatic_broadcast": _("Automatic: to several people"),
        "automatic_message": _("Automatic message"),
        "kept_locked": _("Sealed with a key that this device does not have"),
        "planned_for": _("Planned for {at}"),
    }


def chat_texts(*, peer_name: str) -> dict[str, str]:
    """For `frontend/src/chat/`. Names in braces are filled by the script."""
    return {
        **_composer(),
        **_rows(),
        **_holds(),
        **_planned(),
        **_money(),
        **_talking(),
        **_problems(peer_name=peer_name),
        **_contact(),
        **trust_texts(peer_name=peer_name),
        **_attachments(),
        "jump": _("Jump to the newest message"),
        "jump_new": _("New messages: {n}. Jump to the newest"),
        "price_line": _("{price} credits a message"),
        "price_changed": _("A message cost {old} credits and costs {new} now. Nothing has been charged."),
        "price_free": _("A message cost {old} credits and is free now. Nothing has been charged."),
        "nearest": _("Answer due in {span}"),
        "online": _("Online"),
        "seen": _("Seen {ago}"),
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


def _talking() -> dict[str, str]:
    """What is done with messages: reactions, answers, edits, deletions, search."""
    return {
        "answer": _("Answer"),
        "answer_to": _("Answer to {name}"),
        "copy": _("Copy the text"),
        "edit": _("Edit"),
        "editing": _("Edit your message"),
        "save": _("Save"),
        "delete": _("Delete for both"),
        "report": _("Report"),
        "report_sent": _("Reported. A person looks at it, and you hear how it ends."),
        "deleted_mine": _("You deleted this message."),
        "deleted_theirs": _("{name} deleted this message."),
        "react_with": _("React with {emoji}"),
        "reaction_of": _("{emoji} by {names}"),
        "reacted": _("{name} reacted with {emoji} to: {text}"),
        "quote_earlier": _("An earlier message"),
        "quote_attachment": _("An attachment"),
        "quote_gone": _("The message that this answers is not in this conversation."),
        "looking": _("Looking further back, {n} messages so far…"),
        "found": _("{at} of {n}"),
        "found_none": _("Nothing found"),
        "searched_some": _("The newest {n} messages are searched, on this device only."),
        "searched_all": _("All {n} messages are searched, on this device only."),
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
        "hold_answered_mine": _("Answered. {credits} credits are paid in {span}, unless you say it was not an answer."),
        "hold_answered_theirs": _("Answered. {credits} credits, less the fee, are yours in {span}."),
        "hold_frozen_mine": _("{credits} credits frozen: not an answer. Undecided in {span}, they come back to you."),
        "hold_frozen_theirs": _("{credits} credits frozen: said to be no answer. We decide within {span}."),
        "hold_released_rejected": _("We looked: it was an answer. {credits} credits paid out."),
        "hold_refunded_given_back_mine": _("The creator gave your {credits} credits back"),
        "hold_refunded_given_back_theirs": _("You gave {credits} credits back"),
        "hold_refunded_unreadable_mine": _("It could not be opened: {credits} credits came back"),
        "hold_refunded_unreadable_theirs": _("You could not open it: {credits} credits went back"),
        "hold_refunded_upheld_mine": _("We looked: not an answer. {credits} credits came back."),
        "hold_refunded_upheld_theirs": _("We looked: not an answer. {credits} credits went back."),
        "hold_refunded_money_back_mine": _("Its payment was reversed: {credits} credits are not held any more"),
        "hold_refunded_money_back_theirs": _("The payment for it was reversed: {credits} credits went back"),
        "hold_refunded_undecided_mine": _("Not decided in time: {credits} credits came back"),
        "hold_refunded_undecided_theirs": _("Not decided in time: {credits} credits went back"),
    }


def _money() -> dict[str, str]:
    """For `frontend/src/chat/money.ts`."""
    return {
        "no_answer": _("This was not an answer"),
        "no_answer_said": _("The credits are frozen until we have looked."),
        "give_back": _("Give the credits back"),
        "give_back_text": _("{name} gets all {credits} credits back, our fee included. You cannot undo this."),
        "give_back_done": _("The credits went back."),
        "no_key": _("You cannot open this message: its key was lost with your old keys."),
        "no_key_give_back": _("Tell them and give the credits back"),
        "no_key_tell": _("Tell them"),
        "no_key_told": _("They know, and can send it again."),
        "peer_no_key": _("{name} could not open this: they lost the key to it."),
        "send_again": _("Send again"),
        "send_again_for": _("Send again for {price} credits"),
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
        "problem_spending_cap_reached": _("Not sent and not charged: it would exceed your spending limit."),
        "problem_cooling_off": _("Not sent and not charged: you wanted to spend nothing for a while."),
        "problem_blocked": _("Not sent and not charged: you cannot write to this person."),
        "problem_muted": _("Not sent and not charged: that was too fast. Wait a minute and send again."),
        "problem_rate_limited": _("Not sent and not charged: that was too fast. Wait a minute and send again."),
        "problem_other": _("Not sent and not charged. Try again."),
    }


def _contact() -> dict[str, str]:
    """Of `contact.ts` and `buying.ts`."""
    return {
        "away_until": _("Away until {day}: writing is free now, an answer is not promised."),
        "buy_credits": _("{credits} credits"),
        "buy_waiting": _("Waiting for your payment in the other tab. Your message stays here meanwhile."),
        "buy_arrived": _("Your credits are here. You can send now."),
        "buy_failed": _("The payment could not be started, and nothing was charged. Try again in a moment."),
        **_refused_purchases(),
    }


def _refused_purchases() -> dict[str, str]:
    """By code of what the checkout refuses with, and by rule of `payments.services.risk`. Nothing was charged."""
    return {
        "buy_refused_email_unconfirmed": _("Confirm your e-mail address to buy this much today, or choose less."),
        "buy_refused_many_failed": _("Too many payments failed today. Ask your bank why, and try again tomorrow."),
        "buy_refused_many_started": _("You have started many purchases today. Finish one, or try again tomorrow."),
        "buy_refused_new_account": _("Your account is new. Choose fewer credits today; tomorrow you can buy more."),
        "buy_refused_much_today": _("That is more than can be bought in a day. Choose less, or try again tomorrow."),
        "buy_refused_disputes_lost": _("Your bank took payments of yours back. Write to us before you buy again."),
        "buy_refused_purchase_refused": _("This purchase cannot be made now. Choose fewer credits, or try tomorrow."),
        "buy_refused_cooling_off": _("You wanted to spend nothing for a while. You can buy again from {until}."),
        "buy_refused_rate_limited": _("That was too fast. Wait a minute and press Pay again."),
        "buy_refused_provider_unavailable": _(
            "The payment provider cannot be reached, and nothing was charged. Press Pay again, or pay in another way."
        ),
        "buy_refused_idempotency_conflict": _("This purchase was begun in another way. Press Pay again."),
        "buy_refused_invalid": _("This package is not sold any more. Load the page again and choose another."),
        "buy_refused_not_authenticated": _("You are signed out. Sign in and press Pay again."),
        "buy_refused_suspended": _("Your account is suspended. You can buy again when that is over."),
        "buy_refused_overloaded": _("Pairly is busy, and nothing was charged. Press Pay again in a few seconds."),
        "buy_refused_offline": _("You are offline, and nothing was charged. Press Pay again when you are back."),
    }


def trust_texts(*, peer_name: str) -> dict[str, str]:
    """The one table of codes of refusals (docs/encryption.md) and what a person reads.

    `why_<code>`: why one message is not shown; `instead_<code>`: what stands in its place, if not the usual words;
    `alarm_<code>`: why a whole conversation is stopped.
    """
    who = {"name": peer_name}
    return {
        **_reasons(who),
        **_alarms(who),
        "why": _("Why?"),
        "alarm_title": _("This conversation is stopped"),
        "alarm_advice": _(
            "Nothing is sent here until that is clear. Reload the page once. If it stays, write nothing private: "
            "ask %(name)s in another way what they see, compare your safety numbers, and tell us."
        )
        % who,
        "reset_title": _("%(name)s has a new identity") % who,
        "reset_text": _(
            "That happens when somebody loses all devices and begins anew, and it happens when somebody else pretends "
            "to be %(name)s. Sending is paused until you decide."
        )
        % who,
        "reset_advice": _(
            "Call %(name)s or meet, and compare the new number. Accept it only if it is the same on both sides."
        )
        % who,
        "keys_too_old": _("%(name)s has not used Pairly for more than a year. You can write as soon as they are back.")
        % who,
        "line_identity_theirs": _("The identity of %(name)s changed") % who,
        "line_identity_mine": _("You began your encryption anew"),
        "line_device_theirs": _("%(name)s added a device") % who,
        "line_device_mine": _("You added a device"),
        "line_revoked_theirs": _("%(name)s removed a device") % who,
        "line_revoked_mine": _("You removed a device"),
    }


def safety_texts(*, peer_name: str) -> dict[str, str]:
    """For `frontend/src/safety/`; refusals of keys have the words of the chat."""
    who = {"name": peer_name}
    return {
        **_alarms(who),
        "same": _("The numbers are the same: nobody stands between you and %(name)s.") % who,
        "different": _(
            "The numbers are not the same. Somebody may be reading along, or one of you looked at another "
            "conversation. Do not write anything private, and tell us."
        ),
        "not_a_number": _("That is no safety number: it has 60 digits."),
        "no_keys": _("%(name)s has not set up encryption yet. There is a number as soon as that is done.") % who,
        "own_no_keys": _("Set up encryption first; then there is a number."),
        "offline": _("Your keys could not be loaded. Check your connection and reload the page."),
        "no_camera": _("The camera cannot be used. Type or paste the digits instead."),
        "verified": _("You verified %(name)s on this device.") % who,
        "unverified": _("You have not verified %(name)s on this device yet.") % who,
        "qr": _("The safety number as a QR code"),
    }


def _reasons(who: dict[str, str]) -> dict[str, str]:
    altered = _("It was altered after it was sealed. Ask for it to be sent again; if that happens twice, tell us.")
    misplaced = _("It was written for another conversation or other people, and put here by somebody else.")
    texts = {
        "why_other": altered,
        "why_sig_invalid": _("Its signature is not the one of its sender: somebody else wrote or changed it."),
        "why_sig_key_unknown": _("It was signed by a device that its sender never entered among theirs."),
        "why_sig_key_revoked": _("It was signed by a device that its sender had removed before."),
        "why_conv_mismatch": misplaced,
        "why_sender_mismatch": misplaced,
        "why_clock_skew": _(
            "It was written at another time than the server says. It may be a copy of an older message."
        ),
        "why_no_box_for_me": _(
            "It was sealed for keys that this device does not have, perhaps from before you began anew."
        ),
        "why_identity_unaccepted": _("It was signed with the new identity of %(name)s, which you have not accepted.")
        % who,
        "why_erased_by_server": _(
            "Its words are gone from our servers, and its sender signed no deletion. What it said cannot be checked."
        ),
        "instead_no_box_for_me": _("This device has no key for this message."),
        "instead_identity_unaccepted": _("A message with the new identity. It is shown once you accept that."),
        "instead_erased_by_server": _("Removed by Pairly, not deleted by its sender."),
    }
    changed = ("ct_hash", "box_hash", "rcpt_count", "rcpt_order", "decrypt_failed", "commit_mismatch", "bad_padding")
    forms = ("att_mismatch", "hdr_length", "hdr_magic", "suite_unknown", "kind_unknown", "att_count", "malformed")
    return {**texts, **{f"why_{code}": altered for code in (*changed, *forms)}}


def _alarms(who: dict[str, str]) -> dict[str, str]:
    exchanged = _(
        "Our server shows keys that do not follow from the ones that this device knows. Somebody may be trying to read "
        "along or to write in the name of %(name)s."
    ) % who  # fmt: skip
    gap = _("Messages are missing in between, or do not stand in the order in which they were written.")
    texts = {
        "alarm_other": _("What our server says about this conversation cannot be true."),
        "alarm_malformed": _("What our server says about this conversation cannot be read."),
        "alarm_history_rollback": _(
            "Our server shows less than before: messages that this device has seen are missing."
        ),
        "alarm_history_fork": _(
            "Our server shows another past than before: messages that this device has seen changed."
        ),
        "alarm_seen_head": _(
            "You two do not see the same conversation: what the writer of a message had seen is not what is here."
        ),
        "alarm_chain_mismatch": gap,
        "alarm_seq": gap,
        "alarm_duplicate_msg_id": _("A message comes a second time. It is shown once, and the copy is refused."),
        "alarm_receipt_invalid": _("Our server's receipt for a message is not genuine."),
        "alarm_server_key_changed": _("The key that our server signs its receipts with was exchanged."),
        "alarm_log_rollback": _("Our server shows older keys than this device has already seen."),
        "alarm_backup_rollback": _("Our server shows an older copy of your keys than this device has already seen."),
        "alarm_own_identity_changed": _(
            "Your encryption was begun anew on another device. If that was you, let this device in on the page of your "
            "keys. If it was not, change your password at once."
        ),
    }
    entries = ("length", "user", "role", "chain", "subject", "signer")
    keys = ("sig_invalid", "key_exists", "bad_key_length", "weak_key", "bad_key", "log_fork", "identity_changed")
    return {**texts, **{f"alarm_{code}": exchanged for code in (*(f"stmt_{one}" for one in entries), *keys)}}


def _attachments() -> dict[str, str]:
    """For `frontend/src/chat/attachments*.ts`."""
    return {
        "att_came": _("sent files"),
        "att_preparing": _("Getting it ready …"),
        "att_sending": _("{percent} % sealed and sent"),
        "att_waiting": _("Waiting for the connection. It goes on by itself."),
        "att_ready": _("Ready to send · {size}"),
        "att_failed": _("This file could not be fetched or sent. Try again."),
        "att_gone": _("This file is not there any more."),
        "att_unverified": _("This file could not be verified and is not shown."),
        "att_remove": _("Remove {name}"),
        "att_removed": _("{name} is removed."),
        "att_again": _("Try {name} again"),
        "att_kind": _("{name} cannot be sent. Pictures, recordings, PDF, text, ZIP and office files can."),
        "att_too_large": _("{name} is too large: a file may have {most}."),
        "att_too_many": _("A message takes {n} files at most."),
        "att_unreadable": _("{name} could not be read. Choose another file."),
        "att_voice_name": _("Voice note"),
        "att_no_microphone": _("There is no microphone, or this page may not use it. Allow it in your browser."),
        "att_some_failed": _("A file failed. Try it again or remove it, then send."),
        "att_sends_when_ready": _("Sends as soon as all files are there."),
        "att_picture": _("Picture: {name}"),
        "att_play": _("Play"),
        "att_pause": _("Pause"),
        "att_download": _("Download {name}"),
        "problem_attachment_quota": _("You have sent as many files as a day allows. Try again tomorrow."),
        "problem_att_unknown": _(
            "Not sent and not charged: the files have expired. Take it back and attach them again."
        ),
        "problem_too_large": _("This file is too large."),
    }
