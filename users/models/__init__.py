from .account import Block, Restriction, User, UserManager
from .codes import EmailChange, EmailCode, PasswordReset, UnlockCode
from .factors import BackupCode, FactorRecovery, TotpDevice
from .notifications import Announcement, Digest, Notification, NotificationChoice, PushDevice
from .passkeys import PasskeyCeremony
from .privacy import AccountClosure, DataExport
from .sessions import Session, SignInChallenge
from .staff import StaffInvitation, StaffPermission

__all__ = [
    "AccountClosure",
    "Announcement",
    "BackupCode",
    "Block",
    "DataExport",
    "Digest",
    "EmailChange",
    "EmailCode",
    "FactorRecovery",
    "Notification",
    "NotificationChoice",
    "PasskeyCeremony",
    "PasswordReset",
    "PushDevice",
    "Restriction",
    "Session",
    "SignInChallenge",
    "StaffInvitation",
    "StaffPermission",
    "TotpDevice",
    "UnlockCode",
    "User",
    "UserManager",
]
