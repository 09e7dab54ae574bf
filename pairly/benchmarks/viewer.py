"""Who looks around in a benchmark: a fan who is signed in and has blocked some people and was blocked by others.

`python -m pairly.benchmarks.viewer` adds one to the database of its environment and prints a JSON object: `token`,
and `profiles`, public ids of creators to look at.
"""

from __future__ import annotations

import json
import uuid
from datetime import date

import django

N_BLOCKS, N_PROFILES = 20, 200


def make_viewer() -> dict[str, object]:
    """The viewer's access token and whom to look at. Django is set up."""
    from security.types import Client
    from users import access_tokens
    from users.models import Block, Session, User
    from users.registry import run_sign_up_hooks
    from users.services import sessions

    user = User(
        email=f"viewer-{uuid.uuid4().hex}@bench.invalid", name="Viewer", role="fan", birth_date=date(1990, 1, 1)
    )
    user.set_unusable_password()
    user.save()
    run_sign_up_hooks(user=user)
    shown = User.objects.filter(role="creator", is_active=True, restrictions=None).order_by("uid")
    others = list(shown[: 2 * N_BLOCKS + N_PROFILES])
    Block.objects.bulk_create(Block(blocker=user, blocked=other) for other in others[:N_BLOCKS])
    Block.objects.bulk_create(Block(blocker=other, blocked=user) for other in others[N_BLOCKS : 2 * N_BLOCKS])
    started = sessions.start_session(
        user=user, kind=Session.Kind.API, client=Client(ip="127.0.0.1", user_agent="bench")
    )
    token = access_tokens.issue(user_id=user.uid, family=started.session.family)
    return {"token": token, "profiles": [str(other.uid) for other in others[2 * N_BLOCKS :]]}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(make_viewer()))
