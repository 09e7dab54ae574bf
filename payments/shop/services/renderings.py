"""What a buyer is shown: each picture rendered for them once, with their handle and their invisible mark, and kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pairly.common.problems import NotFound, Overloaded
from security import encryption
from users import registry
from users.models import User

from ...models import ShopFile, Unlock
from .. import files, pictures, selectors
from ..constants import RENDERER_WAIT_S, RENDERERS
from . import items

# Each holds some 100 MB at worst: so many at once, the others wait.
_renderers = threading.BoundedSemaphore(RENDERERS)


def read_bought(*, unlock: Unlock, file: ShopFile, width: int) -> bytes:
    """A bought picture in one of its widths (WebP), rendered when it is wanted for the first time. Raises NotFound for
    another width, Overloaded. That somebody may see it is a selector's word."""
    if width not in pictures.shown_widths(width_px=file.width_px):
        raise NotFound()
    kept = files.find_rendering(file=file, unlock=unlock, width=width)
    return kept if kept is not None else _render(unlock, file)[width]


def read_own(*, file: ShopFile) -> bytes:
    """A picture for the creator who sells it, unmarked. Raises NotFound when it went a moment ago."""
    try:
        return files.read_master(file=file)
    except FileNotFoundError as error:
        raise NotFound() from error


def render_unlock(*, pk: int) -> int:
    """Render all pictures of a purchase that are not yet, for a job: the library then opens at once. Returns how
    many."""
    unlock, n = selectors.find_unlock_by_pk(pk=pk), 0
    if unlock is None or unlock.is_refunded:
        return 0
    for file in unlock.item.files.all():
        widest = pictures.shown_widths(width_px=file.width_px)[-1]
        if files.find_rendering(file=file, unlock=unlock, width=widest) is None:
            _render(unlock, file)
            n += 1
    return n


def forget_renderings(*, pk: int) -> None:
    """Delete what was rendered for a purchase; where it still holds, it is rendered again when it is wanted."""
    unlock = selectors.find_unlock_by_pk(pk=pk)
    if unlock is None:
        return
    for file in unlock.item.files.all():
        files.delete_renderings(file=file, unlock=unlock, widths=pictures.shown_widths(width_px=file.width_px))


def handle_of(*, user: User) -> str:
    """Who somebody is in the corner of a picture: their name, where our letters have it, and the end of their id."""
    name = registry.names_of(users=[user])[user.pk][:30]
    tail = user.uid.hex[-8:]
    is_drawable = name.isprintable() and all(ord(letter) < 256 for letter in name)
    return f"{name} · {tail}" if is_drawable and name.strip() else tail


def _render(unlock: Unlock, file: ShopFile) -> dict[int, bytes]:
    try:
        master = files.read_master(file=file)
    except FileNotFoundError as error:
        raise NotFound() from error
    key = encryption.decrypt(stored=bytes(file.sealed_key), place=items.place_of_key(file=file))
    with _rendering():
        rendered = pictures.render_for(
            image=pictures.open_stored(data=master), key=key, number=unlock.pk, handle=handle_of(user=unlock.buyer)
        )
    for width, data in rendered.items():
        files.keep_rendering(file=file, unlock=unlock, width=width, data=data)
    return rendered


@contextmanager
def _rendering() -> Iterator[None]:
    if not _renderers.acquire(timeout=RENDERER_WAIT_S):
        raise Overloaded(retry_after_s=RENDERER_WAIT_S)
    try:
        yield
    finally:
        _renderers.release()
