"""The creators' drawn portraits and galleries."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from profiles.models import Picture
from profiles.selectors import find_own_profile
from profiles.services import add_picture
from users.models import User

from .cast import Creator
from .painters import Painters

SCENES = 3  # of each creator

# What a theme's two compositions show, in the order of `drawing.scenes`.
_ALTS = {
    "ceramics": ("Glazed bowls and vases on two shelves", "A pot on the wheel beside the window"),
    "chess": ("A chessboard with a game in progress", "A king and a few other chess pieces, close up"),
    "books": ("Three full shelves of books", "A pile of books under a lamp, and something warm to drink"),
    "mountain": ("A snowy peak behind dark pines", "A tent on the shore of a mountain lake"),
    "kitchen": ("A pot on the worktop, spoons hanging above it", "A plate of food on a striped cloth, from above"),
    "studio": ("A painting on an easel by the window", "A microphone and headphones in a recording studio"),
    "garden": ("Flowers in bloom against the sky", "Plants in pots under a glass roof"),
    "city": ("The skyline of a city", "A row of gabled houses by the water"),
    "sea": ("A sailing boat between waves", "A lighthouse on its rock"),
    "yarn": ("A basket of yarn with two needles", "Striped knitting on its needles"),
    "code": ("A laptop with code on a desk", "A wide screen full of code"),
    "stage": ("A microphone in the light before a curtain", "A grand piano on stage, seen from the audience"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    kind: Picture.Kind
    alt: str
    drawing: Future[bytes]


class Pictures:
    """One creator's pictures: those that `user`, when there is an account already, does not have yet. Asked for early,
    stored when they are drawn.
    """

    def __init__(self, *, creator: Creator, number: int, user: User | None, painters: Painters) -> None:
        has_portrait, n_scenes = _look_up(user)
        self._wanted: list[_Wanted] = []
        if not has_portrait:
            self._wanted.append(_ask_portrait(creator, painters))
        for seed in range(SCENES * number + n_scenes, SCENES * (number + 1)):
            self._wanted.append(_ask_scene(creator, seed, painters))

    def store(self, *, user: User) -> None:
        """Add them to the profile."""
        for one in self._wanted:
            add_picture(user=user, kind=one.kind, data=one.drawing.result(), alt=one.alt)


def _look_up(user: User | None) -> tuple[bool, int]:
    """(whether there is a portrait, how many pictures the gallery has)"""
    if user is None:
        return False, 0
    profile = find_own_profile(user=user)
    # Who deleted their profile since has no place for pictures.
    return (profile.portrait is not None, len(profile.gallery)) if profile else (True, SCENES)


def _ask_portrait(creator: Creator, painters: Painters) -> _Wanted:
    drawing = painters.draw({"look": creator.look})
    return _Wanted(kind=Picture.Kind.PORTRAIT, alt=f"Portrait of {creator.name}", drawing=drawing)


def _ask_scene(creator: Creator, seed: int, painters: Painters) -> _Wanted:
    drawing = painters.draw({"theme": creator.theme, "seed": seed})
    return _Wanted(kind=Picture.Kind.GALLERY, alt=_ALTS[creator.theme][seed % 2], drawing=drawing)
