from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Forbidden, InvalidInput, NotAuthenticated, Problem


class InvalidCredentials(NotAuthenticated):
    """`attempts_left` says how many tries remain before the account is locked."""

    code, title = "invalid_credentials", _("E-mail address or password is wrong")


class AccountLocked(Problem):
    """`until` is for pages; the API says it in Retry-After."""

    until: datetime | None = None
    code, status, title = (
        "account_locked",
        423,
        _("Too many wrong passwords; the account is locked"),
    )


class Suspended(Problem):
    code, status, title = "suspended", 403, _("This account is suspended")


class EmailTaken(Problem):
    code, status, title = "email_taken", 409, _("There is already an account with this e-mail address")


class PhoneTaken(Problem):
    code, status, title = "phone_taken", 409, _("Another account has this phone number")


class UnderAge(InvalidInput):
    code, title = "under_age", _("Pairly is for people of 18 years and over")


class InvalidCode(InvalidInput):
    """Wrong, used or expired: it is all the same to the caller."""

    code, title = "invalid_code", _("This code is wrong or no longer valid; ask for a new one")


class WrongPassword(InvalidInput):
    """The current password is wrong; `attempts_left` says how many tries remain before the account is locked."""

    code, title = "wrong_password", _("The current password is wrong")


class StepUpRequired(Problem):
    """`methods` names the proofs that will do."""

    code, status, title = "step_up_required", 403, _("Confirm that it is you to go on")


class ChallengeOver(NotAuthenticated):
    """Unknown, expired, used or refused: it is all the same to the caller."""

    code, title = "challenge_over", _("This sign-in took too long or was refused; begin again")


class ApprovalPending(Problem):
    code, status, title = "approval_pending", 409, _("Nobody has answered on your other device yet")


class SecondFactorRequired(Problem):
    """For staff: what they asked for is behind a second factor, which they have to set up or use first."""

    code, status, title = "second_factor_required", 403, _("Set up a second factor, or sign in with it, to go on")


class SignInBlocked(Problem):
    """Too much speaks against this sign-in, though the password was right."""

    code, status, title = (
        "sign_in_blocked",
        403,
        _("This sign-in looks like somebody else's; use a device that you know, or reset your password"),
    )


class TokenRevoked(NotAuthenticated):
    code, title = "token_revoked", _("This sign-in has ended; sign in again")


class TokenReused(NotAuthenticated):
    code, title = "token_reused", _("This token was already used; the sign-in was ended to be safe")


class RefreshInProgress(Problem):
    """Another request is just exchanging the same token; its answer holds the new pair."""

    code, status, title = "conflict", 409, _("This token is just being exchanged by another request")


# -- second step and second factor
class NoSecondFactor(Problem):
    code, status, title = "no_second_factor", 409, _("Set up a second factor first")


class StrongerFactorSet(Problem):
    """Codes by mail are for accounts that have nothing stronger."""

    code, status, title = (
        "stronger_factor_set",
        409,
        _("You have an authenticator app or a passkey already; codes by mail would be weaker"),
    )


class EmailNotVerified(Problem):
    """A code sent to a mistyped address would lock its owner out."""

    code, status, title = "email_not_verified", 409, _("Confirm your e-mail address first")


# -- passkeys
class PasskeyRefused(InvalidInput):
    """Unknown, removed, malformed, not for this site or signed by another: it is all the same to the caller."""

    code, title = "passkey_refused", _("This passkey was not accepted; try again or use another way")


class PasskeyCeremonyOver(InvalidInput):
    """Unknown, expired, used, or begun in another sign-in."""

    code, title = "passkey_ceremony_over", _("This took too long or was used already; begin again")


class TooManyPasskeys(Problem):
    code, title = "too_many_passkeys", _("You have as many passkeys as an account can hold; remove one first")


class StrongFactorNeeded(Problem):
    """For staff: the last strong second factor stays."""

    code, title = "strong_factor_needed", _("Staff need a second factor; set up another one before you remove this")


# -- devices, lockout, approval
class SameDevice(Problem):
    """What waits for another device's word cannot be answered by itself."""

    code, status, title = "same_device", 409, _("This is the device that waits; answer on another one")


class AlreadyAnswered(Problem):
    code, status, title = "already_answered", 409, _("This sign-in was answered already")


# -- staff accounts and lost factors


class InvitationOpen(Problem):
    code, status, title = "invitation_open", 409, _("There is an open invitation to this address; revoke it first")


class AlreadyStaff(Problem):
    code, status, title = "already_staff", 409, _("This person works here already")


class OwnAccount(Forbidden):
    """Nobody removes themselves, and nobody gives themselves a role."""

    code, title = "own_account", _("Nobody can do this to their own account; ask another admin")


class LastAdmin(Problem):
    code, status, title = "last_admin", 409, _("Nobody else is an admin; make somebody one first")


class RecoveryOver(Problem):
    """Done, rejected or cancelled, perhaps a moment ago."""

    code, status, title = "recovery_over", 409, _("This request is settled already")


class RecoveryApproved(Problem):
    """One person's word counts once."""

    code, status, title = "recovery_approved", 409, _("You have approved this already; somebody else has to, too")


# -- privacy and suspension
class ExportRunning(Problem):
    code, status, title = "export_running", 409, _("A copy of your data is already being made")


class ExportNotReady(Problem):
    code, status, title = "export_not_ready", 409, _("This copy of your data is not ready, or no longer kept")


class AccountClosing(Problem):
    code, status, title = "account_closing", 409, _("Your account already rests or is about to be deleted")


class DeletionBlocked(Problem):
    """`obstacles` are what has to be settled, or agreed to, first: rows of `code`, `detail` and `needs`."""

    code, status, title = "deletion_blocked", 409, _("Something has to be settled before your account can be deleted")


# -- e-mail address


class EmailChangeHeld(Problem):
    """Neither another change nor the end of the account: the old address has its say first."""

    code, status, title = (
        "email_change_held",
        409,
        _("Your e-mail address was changed within the last 7 days; wait until that can no longer be undone"),
    )


# -- blocks
# -- notifications
class SettingsChanged(Problem):
    code, status, title = "version_conflict", 412, _("Your choices were changed elsewhere; load them again")


# -- web push and announcements
class PushEndpointRefused(InvalidInput):
    """Not the address of a push service that we know."""

    code, title = "push_endpoint_refused", _("This browser's push service is not one that we can use")


class TooManyPushDevices(Problem):
    code, title = "too_many_push_devices", _("As many browsers as an account can have are told already; remove one")
