"""What a device remembers between two runs: sign-in, keys, and everything that it pinned (docs/encryption.md).

One JSON document. A change is made on the newest state and written whole, under a lock: two programs of one person on
one machine do not lose each other's pins.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Data = dict[str, Any]
HOME_VARIABLE, HOME = "PAIRLY_HOME", "~/.pairly"
FILE, LOCK = "account.json", "lock"


class StoreDamaged(ValueError):
    """The file is none of this client's."""


class Store:
    """Remembers for the life of the object. The parts: `account`, `people`, `server_keys`, `chats`."""

    def __init__(self) -> None:
        self._data: Data = {}

    def read(self) -> Data:
        """Everything; to be read only."""
        return self._data

    def change(self, act: Callable[[Data], Any]) -> Any:
        """Have `act` change the newest state; nothing of it stays when it raises. Gives what `act` gives."""
        changed = json.loads(json.dumps(self._data))
        answer = act(changed)
        self._data = changed
        return answer


class FolderStore(Store):
    """In a folder of the person's own (0700): one file (0600), replaced at once or not at all."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    @property
    def _file(self) -> Path:
        return self.folder / FILE

    def read(self) -> Data:
        """Everything as it is on the disk. Raises StoreDamaged."""
        try:
            data = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StoreDamaged(str(self._file)) from error
        if not isinstance(data, dict):
            raise StoreDamaged(str(self._file))
        return data

    def change(self, act: Callable[[Data], Any]) -> Any:
        with self._locked():
            data = self.read()
            before = json.dumps(data)
            answer = act(data)
            if json.dumps(data) != before:
                self._write(data)
        return answer

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(self.folder, 0o700)
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, data: Data) -> None:
        # mkstemp makes files that only their owner reads.
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=FILE)
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(data, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._file)
        except BaseException:
            os.unlink(name)
            raise


def home_folder(*, chosen: str | None) -> Path:
    """`chosen`, else $PAIRLY_HOME, else ~/.pairly."""
    return Path(chosen or os.environ.get(HOME_VARIABLE) or HOME).expanduser()
