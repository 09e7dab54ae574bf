"""A process that draws: one JSON line on standard input asks for a picture, its bytes follow on standard output.

It ends with its standard input, so it never outlives the one who asks.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import Any

from .portraits import Look, draw_portrait
from .scenes import draw_scene


def draw(job: dict[str, Any]) -> bytes:
    """`{"look": {...}}` is a portrait, `{"theme": ..., "seed": ...}` a scene."""
    if "look" in job:
        return draw_portrait(look=Look(**job["look"]))
    return draw_scene(theme=job["theme"], seed=job["seed"])


def main() -> None:
    """Answer until nobody asks any more."""
    for line in sys.stdin:
        picture = draw(json.loads(line))
        try:
            sys.stdout.buffer.write(struct.pack(">I", len(picture)) + picture)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # the one who asked was killed
            os._exit(0)


if __name__ == "__main__":
    main()
