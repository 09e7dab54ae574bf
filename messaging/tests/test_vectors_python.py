from __future__ import annotations

import json

from . import python_vectors
from .vector_world import PATH


def test_the_python_client_passes_every_vector():
    result = python_vectors.run(PATH)
    assert result.failed == []
    assert result.passed >= 50


def test_a_changed_vector_fails(tmp_path):
    data = json.loads(PATH.read_text())
    data["messages"][0]["body"] = "something else"
    data["messages"][3]["srv"]["recv_ms"] += 1
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(data))
    assert len(python_vectors.run(changed).failed) >= 4
