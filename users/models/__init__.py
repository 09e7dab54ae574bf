from .account import Block, Restriction, User, UserManager
from .codes import EmailChange, EmailCode, PasswordReset, UnlockCode
from .factors import BackupCode, FactorRecovery, TotpDevice
from .passkeys import PasskeyCeremony
from .privacy import AccountClosure, DataExport
from .sessions import Session, SignInChallenge
from .staff import StaffInvitation, StaffPermission

__all__ = [
    "AccountClosure",
    "BackupCode",
    "Block",
    "DataExport",
    "EmailChange",
    "EmailCode",
    "FactorRecovery",
    "PasskeyCeremony",
    "PasswordReset",
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
