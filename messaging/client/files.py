"""Attachments on their way: sealed, uploaded in parts that can be resumed, downloaded and checked (e2e section 4).

Which types may be sent, and how names are cleaned, is as in the browser: nothing that a browser or a system would run.
"""

from __future__ import annotations

import os
import re
import time
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import httpx

from messaging.protocol.base64url import BadBase64, b64u_decode, b64u_encode
from messaging.protocol.header import AttachmentRef
from messaging.protocol.labels import sha256

from . import attachments
from .attachments import BadAttachment
from .conversation import Conversation, Message
from .http import Account, ApiProblem

ENDINGS: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "audio/webm": ("webm", "weba"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mp4": ("m4a", "mp4"),
    "audio/mpeg": ("mp3",),
    "video/mp4": ("mp4",),
    "video/webm": ("webm",),
    "application/pdf": ("pdf",),
    "text/plain": ("txt",),
    "application/zip": ("zip",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.presentation": ("odp",),
}
OCTETS = "application/octet-stream"
NAME_MAX = 100
_UNFIT = re.compile(r'[/\\:*?"<>|]')
_ATTEMPTS, _FIRST_WAIT_S = 5, 0.5
_AGAIN = ("parts_missing", "upload_changed", "rate_limited")


class CannotSend(ValueError):
    """The file is of no type that may be sent."""


@dataclass(frozen=True)
class SealedFile:
    """An encrypted file: the blob is for the server, the key for the message's body alone."""

    blob: bytes = field(repr=False)
    key: bytes = field(repr=False)
    mime: str
    name: str

    @property
    def ref(self) -> AttachmentRef:
        """What the header says of it."""
        return AttachmentRef(sha256(self.blob), len(self.blob))

    @property
    def body_row(self) -> dict[str, Any]:
        """Its row of `att` in the body."""
        row = {"sha256": b64u_encode(self.ref.hash), "len": self.ref.length, "key": b64u_encode(self.key)}
        return {**row, "mime": self.mime, "name": self.name}


def _ending(name: str) -> str:
    return PurePath(name).suffix[1:].lower()


def clean_name(name: str) -> str:
    """Without separators of paths, controls, and marks that turn the direction of text around."""
    visible = (c if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") else " " for c in name)
    clean = " ".join(_UNFIT.sub(" ", unicodedata.normalize("NFC", "".join(visible))).split()).strip(" .")
    if len(clean) <= NAME_MAX:
        return clean or "file"
    ending = _ending(clean)
    return f"{clean[: NAME_MAX - len(ending) - 1]}.{ending}" if 0 < len(ending) <= 8 else clean[:NAME_MAX]


def seal_file(*, data: bytes, name: str) -> SealedFile:
    """Seal a file under a key of its own. The bytes go as they are: what a picture tells of place and camera goes
    along. Raises CannotSend for an ending that is not on the list."""
    ending = _ending(name)
    mime = next((one for one, endings in ENDINGS.items() if ending in endings), None)
    if mime is None:
        raise CannotSend(f"files of this type (.{ending}) cannot be sent")
    key = os.urandom(32)
    return SealedFile(attachments.seal(data=data, key=key), key, mime, clean_name(name))


# -- up -------------------------------------------------------------------------------------------------------------
def upload(
    *, account: Account, conversation: Conversation, file: SealedFile, progress: Callable[[float], None] | None = None
) -> None:
    """Until all of it is there. A lost connection is waited for: the server is asked which parts it has, and the rest
    follows. Raises ApiProblem for what is refused, httpx.TransportError after some attempts."""
    upload_id: str | None = None
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            if upload_id is None:
                place = str(uuid.UUID(bytes=conversation.id))
                begun = account.call("POST", "attachments", {"conversation": place, "length": len(file.blob)})
                upload_id = begun["id"]
            _send_parts(account, upload_id, file, progress)
            return
        except (ApiProblem, httpx.TransportError) as error:
            if attempt == _ATTEMPTS or (isinstance(error, ApiProblem) and not _is_passing(error)):
                raise
            if isinstance(error, ApiProblem) and error.status == 404:
                upload_id = None  # forgotten: from the start
            time.sleep(_FIRST_WAIT_S * 2**attempt)


def _is_passing(problem: ApiProblem) -> bool:
    return problem.status >= 500 or problem.status == 404 or problem.code in _AGAIN


def _send_parts(account: Account, upload_id: str, file: SealedFile, progress: Callable[[float], None] | None) -> None:
    state = account.get(f"attachments/{upload_id}")
    if state["state"] == "complete":
        return
    size, missing = state["part_bytes"], set(range(state["n_parts"])) - set(state["received"])
    for done, number in enumerate(sorted(missing), state["n_parts"] - len(missing) + 1):
        part = file.blob[number * size : (number + 1) * size]
        headers = {"Content-Type": OCTETS, "Accept": "application/json"}
        response = account.request("PUT", f"attachments/{upload_id}/parts/{number}", content=part, headers=headers)
        if not response.is_success:
            raise ApiProblem(response.status_code, response.json() if response.content else {})
        if progress:
            progress(done / state["n_parts"])
    account.call("POST", f"attachments/{upload_id}/complete", {"sha256": b64u_encode(file.ref.hash)})


# -- down -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class OpenedFile:
    """A file that verified. `name` is safe to save under: whoever wrote it chose every letter of it."""

    data: bytes = field(repr=False)
    mime: str
    name: str


def download(*, account: Account, conversation: Conversation, message: Message, index: int = 0) -> OpenedFile:
    """A file of a message that was opened: length and hash are those of the signed header, the key that of its body.
    A download that breaks off goes on where it was. Raises BadAttachment, ApiProblem, IndexError."""
    row = message.attachments[index]
    assert message.opened is not None  # a body means that it was
    ref = message.opened.envelope.header.attachments[index]
    try:
        key = b64u_decode(row["key"])
    except (BadBase64, KeyError, TypeError) as error:
        raise BadAttachment("no key") from error
    blob = _fetch(account, conversation, ref)
    if len(blob) != ref.length or sha256(blob) != ref.hash:
        raise BadAttachment("not what the header names")
    mime = next((one for one in ENDINGS if one == row.get("mime")), OCTETS)
    name = clean_name(str(row.get("name", "")))
    if _ending(name) not in ENDINGS.get(mime, ()):
        name = f"{name}.{ENDINGS.get(mime, ('bin',))[0]}"
    return OpenedFile(attachments.open_blob(blob=blob, key=key), mime, name)


def _fetch(account: Account, conversation: Conversation, ref: AttachmentRef) -> bytes:
    path = f"attachments/blobs/{uuid.UUID(bytes=conversation.id)}/{b64u_encode(ref.hash)}"
    blob = b""
    for attempt in range(1, _ATTEMPTS + 1):
        headers = {"Accept": f"{OCTETS}, application/json"} | ({"Range": f"bytes={len(blob)}-"} if blob else {})
        url = f"{account.base_url}/api/v1/{path}"
        headers["Authorization"] = f"Bearer {account.access_token}"
        try:
            with account.http.stream("GET", url, headers=headers) as response:
                if not response.is_success:
                    response.read()
                    raise ApiProblem(response.status_code, response.json() if response.content else {})
                if response.status_code != 206:
                    blob = b""
                for chunk in response.iter_bytes():
                    blob += chunk
                    if len(blob) > ref.length:
                        raise BadAttachment("longer than the header says")
            return blob
        except httpx.TransportError:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(_FIRST_WAIT_S * 2**attempt)
    raise AssertionError("unreachable")
