"""Who knows whom in the demo: follows, connections, requests, lists, and who looked at whose page."""

from __future__ import annotations

from datetime import timedelta

from profiles.models import Profile
from profiles.selectors import find_own_profile, get_own_profile
from profiles.services import connections, follows, lists, visits
from profiles.social_selectors import list_lists
from users.models import User

from .cast import CREATORS, FANS
from .people import People, Role
from .plan import Part, Side

# By side and number in the cast: who asked whom, and whether they were accepted.
_CONNECTIONS: tuple[tuple[Side, int, Side, int, bool], ...] = (
    ("fan", 0, "creator", 0, True),
    ("creator", 4, "fan", 0, True),
    ("creator", 1, "creator", 0, True),
    ("creator", 2, "fan", 0, False),
    ("fan", 0, "creator", 1, False),
    ("fan", 0, "creator", 3, False),
    ("fan", 1, "creator", 0, False),
    ("fan", 2, "creator", 0, False),
    ("creator", 5, "creator", 0, False),
)
# Of the first fan.
_LISTS = {"Answers I keep": (1, 4), "For the kitchen": (4, 6), "Chess on Sundays": (1,)}
# The fan who leaves no name where they look.
_UNNAMED = 2


class Acquaintance:
    """Makes it, or what is missing of it: everything here is the same when it is done again."""

    def __init__(self, *, people: People, part: Part) -> None:
        self._people = people
        self._part = part

    def make(self) -> None:
        """For people who are there."""
        self._follow()
        self._connect()
        self._make_lists()
        self._look()

    def _find(self, side: Side, number: int) -> User | None:
        """Somebody of the cast, if they are in this part and have a profile."""
        if number >= (self._part.n_fans if side == "fan" else self._part.n_creators):
            return None
        user = self._people.user_of(role=Role(side=side, number=number))
        return user if find_own_profile(user=user) is not None else None

    def _all(self, side: Side) -> list[User]:
        found = (self._find(side, number) for number in range(len(CREATORS if side == "creator" else FANS)))
        return [user for user in found if user is not None]

    def _follow(self) -> None:
        for fan_number, fan in enumerate(self._all("fan")):
            for number, creator in enumerate(self._all("creator")):
                if (5 * fan_number + 3 * number) % 7 < 3:
                    follows.follow(user=fan, uid=creator.uid)

    def _connect(self) -> None:
        for asker_side, asker_number, asked_side, asked_number, is_accepted in _CONNECTIONS:
            asker, asked = self._find(asker_side, asker_number), self._find(asked_side, asked_number)
            if asker is None or asked is None:
                continue
            connections.ask(user=asker, uid=asked.uid)
            if is_accepted:
                connections.accept(user=asked, uid=asker.uid)

    def _make_lists(self) -> None:
        owner = self._find("fan", 0)
        if owner is None:
            return
        known = {one.name: one for one in list_lists(user=owner)}
        for name, numbers in _LISTS.items():
            made = known.get(name) or lists.create_list(user=owner, name=name)
            for number in numbers:
                if (creator := self._find("creator", number)) is not None:
                    lists.add(user=owner, list_uid=made.pk, uid=creator.uid)

    def _look(self) -> None:
        """Everybody at some creators, on one to three days of the last weeks; at the first creator all of them."""
        if (quiet := self._find("fan", _UNNAMED)) is not None:
            Profile.objects.filter(user=quiet).update(leaves_visits=False)
        today, looks = self._people.now.date(), []
        visitors = [*self._all("fan"), *self._all("creator")]
        for number, creator in enumerate(self._all("creator")):
            profile = get_own_profile(user=creator)
            for who, visitor in enumerate(visitors):
                if visitor.pk == creator.pk or (number and (who + number) % 3 == 0):
                    continue
                days = {(7 * who + 11 * number + 13 * turn) % 40 for turn in range(1 + who % 3)}
                looks += [visits.Look(profile.pk, visitor.pk, today - timedelta(days=ago)) for ago in days]
        visits.record(looks=looks)
