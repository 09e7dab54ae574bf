"""The command line: `python -m messaging.client COMMAND`.

No secret is ever an argument: other people of the machine see those. Exit codes: 0 done, 1 refused, 2 wrong usage, 3
not signed in or not unlocked, 4 something did not verify (nothing of it is shown, nothing was sent), 5 no connection.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

import httpx
from websockets.exceptions import WebSocketException

from . import cli_chat, cli_keys
from .attachments import BadAttachment
from .backup import BackupError
from .cli_base import NO_CONNECTION, NOT_READY, OK, REFUSED, UNVERIFIED, Session, Stop, printable
from .files import CannotSend
from .http import ApiProblem
from .own_keys import NotUnlocked
from .problems import CannotVerify
from .store import StoreDamaged

_NOT_UNLOCKED = {
    "none": "There are no keys yet: enrol",
    "locked": "This device cannot read yet: unlock, ask, or import-keys",
    "stale": "Your keys were renewed on another device: unlock",
    "lost": "The server has no backup that this device opens: import-keys, or reset",
}
_BACKUP = {
    "wrong_secret": "That recovery code or passphrase does not open your keys",
    "slot_unknown": "Your keys do not open with one of these: try the other of recovery code and passphrase",
    "file_too_old": "The key file is from before your keys were renewed",
    "not_a_key_file": "That is no key file",
    "other_account": "That key file belongs to another account",
}
_ALARMS = {
    "identity_unaccepted": "They began anew with another identity: compare the safety number, then safety --accept",
    "no_keys": "They cannot read encrypted messages yet",
    "keys_too_old": "Their keys are too old to be safe: they have to sign in once",
}


def parser() -> ArgumentParser:
    """All commands."""
    top = ArgumentParser(prog="python -m messaging.client", description="Pairly's encrypted chat")
    top.add_argument("--home", help="folder of the account; $PAIRLY_HOME, else ~/.pairly")
    top.add_argument("--json", action="store_true", help="one JSON document a result")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    cli_keys.add_to(commands)
    cli_chat.add_to(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = parser().parse_args(argv)
    session = Session(options)
    try:
        options.run(session)
        return OK
    except Exception as error:
        stop = _explained(error)
        if stop is None:
            raise
        if options.json:
            print(json.dumps({"error": stop.code, "detail": stop.words}), file=sys.stderr)
        else:
            print(printable(f"{stop.words} ({stop.code})"), file=sys.stderr)
        return stop.status
    except KeyboardInterrupt:
        return 130
    finally:
        session.http.close()


def _explained(error: Exception) -> Stop | None:
    """What went wrong, for the person; None for what is a fault of this program."""
    match error:
        case Stop():
            return error
        case CannotVerify():
            words = _ALARMS.get(error.code, "What the server says cannot be true: nothing was shown or sent")
            return Stop(words, code=error.code, status=UNVERIFIED)
        case BadAttachment():
            return Stop("The file is not the one that was sent", code="bad_attachment", status=UNVERIFIED)
        case NotUnlocked():
            return Stop(_NOT_UNLOCKED[error.code], code=error.code, status=NOT_READY)
        case BackupError():
            return Stop(_BACKUP.get(error.code, "Your keys cannot be opened"), code=error.code)
        case ApiProblem():
            return _refused(error)
        case httpx.TransportError() | WebSocketException() | ConnectionError() | TimeoutError():
            return Stop("The server cannot be reached", code="offline", status=NO_CONNECTION)
        case CannotSend():
            return Stop(str(error), code="type_not_allowed")
        case StoreDamaged():
            return Stop(f"{error} is damaged: take another --home", code="store_damaged", status=NOT_READY)
        case EOFError():
            return Stop("Nothing was typed", code="empty")
        case OSError():
            return Stop(str(error), code="file")
    return None


def _refused(problem: ApiProblem) -> Stop:
    words = problem.document.get("detail") or problem.document.get("title") or f"refused ({problem.status})"
    fields = [str(one.get("detail", "")) for one in problem.document.get("errors", [])]
    status = NOT_READY if problem.status == 401 else REFUSED
    return Stop(" ".join([str(words), *fields]), code=problem.code, status=status)
