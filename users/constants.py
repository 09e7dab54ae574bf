from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

MINIMUM_AGE_YEARS = 18
# Nobody alive is older; an earlier date is a slip of the keyboard.
MAXIMUM_AGE_YEARS = 130
NAME_MAX = 80
# Long enough for any passphrase, short enough that hashing it costs what hashing costs.
PASSWORD_MAX = 256

# Key of the sign-in's id in Django's session, and the door of the API's HTML twin.
SESSION_KEY = "sign_in"

ISSUER = "pairly"
BEARER = "Bearer"

# Where a sign-in goes that is kept to privacy: its owner is suspended, rests or is leaving.
LIMITED_HOME = "users:privacy"
# What asks nobody who they are, by the names of its URLs.
OPEN_TO_ALL = frozenset(
    {
        "media",
        "site:health",
        "site:ready",
        "site:version",
        "site:manifest",
        "site:offline",
        "site:service-worker",
    }
)

# The browser's own cookie, by which its owner's lockout is told from a stranger's guesses; browsers keep none longer.
DEVICE_COOKIE_LIFE = timedelta(days=400)

# The second step of a sign-in, and how long a proof beyond the sign-in stays fresh (security bar: 5 minutes).
CHALLENGE_LIFE = timedelta(minutes=10)
CHALLENGES_KEPT = timedelta(days=1)
SECOND_STEPS_PER_MINUTE = 5
STEP_UP_LIFE = timedelta(minutes=5)

# Authenticator apps (RFC 6238, RFC 4226 section 4: keys of 160 bits) and backup codes of 31 to the power of 10.
TOTP_ISSUER = "Pairly"
TOTP_KEY_BYTES = 20
TOTP_STEP_S = 30
BACKUP_CODES = 10
BACKUP_CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
BACKUP_CODE_LENGTH = 10
# A change tells whether a number is taken.
PHONE_CHANGES_PER_HOUR = 5
SECOND_FACTOR_SETUPS_PER_MINUTE = 10

# Limits per network address (security bar).
SIGN_UP_PER_MINUTE = 3
SIGN_IN_PER_MINUTE = 5
REFRESH_PER_MINUTE = 10
SIGN_OUT_PER_MINUTE = 10
# How long nobody must have presented a used refresh token before it may come again because its reply was lost.
RETRY_WINDOW = timedelta(seconds=2)

# How exact `last_seen_at` is for a browser: one write a request would be too many.
SEEN_STEP = timedelta(minutes=5)

# E-mail codes (parameters of the design): 6 digits, 10 minutes, 5 tries.
EMAIL_CODE_DIGITS = 6
EMAIL_CODE_LIFE = timedelta(minutes=10)
EMAIL_CODE_TRIES = 5
EMAIL_CODES_PER_HOUR = 5

SIGN_IN_CODE_KIND = "users.sign_in_code"
SECURITY_MAIL_KIND = "users.security_mail"
VERIFY_EMAIL_KIND = "users.verify_email"

# A page of the sign-in history, and how many live sign-ins are listed.
SIGN_INS_PAGE = 30
SESSIONS_SHOWN = 100

# Passwords. A change is held back by the lockout; the limit is for who knows the password and keeps changing it.
PASSWORD_CHANGES_PER_MINUTE = 10
# Per network address and, apart from it, per e-mail address.
PASSWORD_FORGOT_PER_MINUTE = 5
PASSWORD_RESETS_PER_MINUTE = 5
# A reset code: 10 characters that nobody mistakes for one another (31 to the power of 10), 20 minutes, 5 tries.
RESET_CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
RESET_CODE_LENGTH = 10
RESET_CODE_LIFE = timedelta(minutes=20)
RESET_CODE_TRIES = 5
# What expired longer ago than this is deleted when the next code is made.
RESET_CODE_KEPT = timedelta(days=1)

RESET_PASSWORD_KIND = "users.reset_password"  # noqa: S105 - the kind of a mail
PASSWORD_CHANGED_KIND = "users.password_changed"  # noqa: S105

# -- second step and second factor

# -- passkeys
PASSKEY_CEREMONY_LIFE = timedelta(minutes=5)
# Per network address; begun ones only cost a row, so a page may be opened and left more often.
PASSKEY_SIGN_INS_PER_MINUTE = 5
PASSKEY_BEGINS_PER_MINUTE = 20
PASSKEYS_MAX = 20
PASSKEY_NAME_MAX = 64
# The longest credential id there is (Web Authentication, section 4).
CREDENTIAL_ID_MAX = 1023
# What is counted when nobody's passkey was shown; no address looks like it.
UNKNOWN_PASSKEY = "unknown passkey"

# -- devices, lockout, approval
# How many mails with a reset code an address gets, and how often a lock is ended from a signed-in device: each end
# allows five more guesses.
RESET_MAILS_PER_HOUR = 3
UNLOCKS_PER_HOUR = 3
UNLOCK_TRIES_PER_MINUTE = 5
# An unlock code is like a reset code and lives as long as the lock.
UNLOCK_CODE_TRIES = 5
UNLOCK_CODE_KIND = "users.unlock_code"

# -- staff accounts and lost factors
# The code of an invitation: 12 characters as of a reset code (31 to the power of 12), 72 hours, 5 tries.
INVITATION_CODE_LENGTH = 12
INVITATION_LIFE = timedelta(hours=72)
INVITATION_TRIES = 5
INVITATIONS_ACCEPTED_PER_MINUTE = 5
INVITATIONS_PAGE = 50
INVITATION_KIND = "users.staff_invitation"
# How long the owner has to say that they have their second factor, and how often it may be asked for.
RECOVERY_WAIT = timedelta(hours=48)
RECOVERIES_PER_DAY = 3
RECOVERY_REASON_MAX = 1000

# -- privacy and suspension
# Why someone was suspended, in the words that its owner is shown.
SUSPENSION_REASONS = {
    "harassment": _("Harassing or threatening people"),
    "spam": _("Writing the same to many people, or advertising"),
    "fraud": _("Deceiving people about money"),
    "under_age": _("Signs that you may be under 18"),
    "impersonation": _("Passing yourself off as somebody else"),
    "illegal_content": _("Offering or asking for what the law forbids"),
    "chargebacks": _("Payments that were taken back"),
    "security": _("Signs that somebody else uses your account"),
    "rules": _("Breaking our rules in another way"),
}
# From asking for deletion to the deletion, and when the second mail leaves.
DELETION_GRACE = timedelta(days=30)
DELETION_REMINDER = timedelta(days=3)
CLOSURE_REMINDER_KIND = "users.closure_reminder"
# What stands where a person was. Names are stored, so this one is not translated.
ERASED_NAME = "Deleted account"
ERASED_DOMAIN = "erased.invalid"  # RFC 2606: nothing is ever delivered there
# A copy of one's data: how often, how long it is kept, and when its making counts as stuck or hopeless.
EXPORT_EVERY = timedelta(hours=24)
EXPORT_KEPT = timedelta(days=7)
EXPORT_STUCK = timedelta(minutes=10)
EXPORT_GIVEN_UP = timedelta(days=1)
EXPORTS_SHOWN = 5
ACCESSES_PAGE = 30

# -- e-mail address
# How long a change waits for its mail to leave; from then on its code is valid for EMAIL_CODE_LIFE.
EMAIL_CHANGE_OPEN = timedelta(days=1)
EMAIL_UNDO_LIFE = timedelta(days=7)
# Per network address and old e-mail address.
EMAIL_UNDO_TRIES_PER_HOUR = 5

EMAIL_CHANGE_KIND = "users.email_change"
EMAIL_UNDO_KIND = "users.email_undo"

# -- blocks
BLOCK_REASON_MAX = 500
BLOCKS_PAGE = 30
# -- notifications
# Rows that wake someone's devices, {"user": uid}; users.push delivers them. So often at most.
PUSH_KIND = "users.push"
PUSH_EVERY = timedelta(minutes=1)
# Mails of what was not read; {"how": "now" | "daily" | "weekly"}.
DIGEST_KIND = "users.digest"
# The hour (UTC) of a digest; how many are written at once, over which time they leave, so that they hold up no code;
# how many people it names of a kind.
DIGEST_HOUR = 9
DIGESTS_AT_ONCE = 500
DIGESTS_SPREAD = timedelta(minutes=5)
DIGEST_NAMES = 3
# What is counted for the bell: more than that is "99+".
UNREAD_COUNTED = 100
NOTIFICATIONS_PAGE = 30
NOTIFICATIONS_KEPT = timedelta(days=90)
# -- web push and announcements
# Rows of PUSH_KIND with {"device", "until"} wake one device, any other wakes all of a person's.
PUSH_ENDPOINT_MAX = 1_000
PUSH_NAME_MAX = 80
PUSH_DEVICES_MAX = 20
PUSH_CHANGES_PER_MINUTE = 20
PUSH_TESTS_PER_MINUTE = 5
# How long a push is tried: news of this morning needs no push in the evening.
PUSH_TRIED = timedelta(hours=1)
ANNOUNCEMENTS_PAGE = 20
ANNOUNCEMENTS_PER_MINUTE = 30
ANNOUNCEMENT_TITLE_MAX = 120
ANNOUNCEMENT_BODY_MAX = 4_000
# How many people a step of telling covers, and how many steps a run of the job takes before it makes way for others.
ANNOUNCEMENT_BATCH = 500
ANNOUNCEMENT_BATCHES = 100
