"""The demo as a whole: people, pictures, whom they know, letters. Interrupted, it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Generator

from profiles.services import facts

from .acquaintance import Acquaintance
from .cast import CREATORS
from .correspondence import Correspondence
from .house import House
from .painters import Painters
from .people import People, Role
from .pictures import Pictures
from .plan import Part
from .staff import STAFF
from .talks import Talk
from .wares import Wares


class Seeding:
    """Makes a part of the demo, or what is missing of it."""

    def __init__(self, *, part: Part) -> None:
        self._part = part
        self.n_steps = 2 * part.n_creators + part.n_fans + part.n_staff + len(part.talks) + 6

    def steps(self) -> Generator[str, None, None]:
        """Works, and tells what was done. Raises CannotComplete."""
        people = People(part=self._part)
        with Painters() as painters:
            # Drawing takes longest, and goes on beside everything else.
            pictures = [self._pictures(people, number, painters) for number in range(self._part.n_creators)]
            wares = Wares(people=people, part=self._part, painters=painters)
            for role in people.list_roles():
                yield f"{people.ensure(role=role).name}, {role.side}"
            for member in STAFF[: self._part.n_staff]:
                yield f"{people.ensure_member(member=member).name}, {member.role}"
            for number, of_creator in enumerate(pictures):
                creator = people.user_of(role=Role(side="creator", number=number))
                of_creator.store(user=creator)
                yield f"pictures of {creator.name}"
            wares.sell()
            yield "what creators sell"
        Acquaintance(people=people, part=self._part).make()
        yield "who knows whom"
        house = House(people=people, part=self._part)
        house.carry_out()
        yield "what staff have to do"
        correspondence = Correspondence(people=people)
        for talk in correspondence.carry_out():
            yield _title(people, talk)
        correspondence.close_books()
        yield "the books"
        facts.count_facts()
        yield "how creators answer"
        house.count()
        yield "the figures of the past weeks"

    @staticmethod
    def _pictures(people: People, number: int, painters: Painters) -> Pictures:
        user = people.users.get(Role(side="creator", number=number).email)
        return Pictures(creator=CREATORS[number], number=number, user=user, painters=painters)


def _title(people: People, talk: Talk) -> str:
    fan = people.user_of(role=Role(side="fan", number=talk.fan))
    creator = people.user_of(role=Role(side="creator", number=talk.creator))
    return f"{fan.name} and {creator.name}, {len(talk.lines)} messages, {talk.ending}"
