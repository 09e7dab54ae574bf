from .canned import CannedReason
from .certificate import Certificate, CertificateKey
from .figures import DailyFigures, DailyRevenue
from .organisation import Delivery, Membership, Organisation, Representation, Webhook
from .report import Report, ReportCase, ReportedAttachment, ReportedMessage, ReportFile, ReportRequest
from .sanction import Appeal, AppealMessage, Sanction
from .vault import FileKey, SealedFile
from .verification import DocumentHash, DocumentLook, Verification, VerificationFile
from .work import BulkRun, WorkItem, WorkNote

__all__ = [
    "Appeal",
    "AppealMessage",
    "BulkRun",
    "CannedReason",
    "Certificate",
    "CertificateKey",
    "DailyFigures",
    "DailyRevenue",
    "Delivery",
    "DocumentHash",
    "DocumentLook",
    "FileKey",
    "Membership",
    "Organisation",
    "Report",
    "ReportCase",
    "ReportFile",
    "ReportRequest",
    "ReportedAttachment",
    "ReportedMessage",
    "Representation",
    "Sanction",
    "SealedFile",
    "Verification",
    "VerificationFile",
    "Webhook",
    "WorkItem",
    "WorkNote",
]
