"""Any server that speaks OpenAI's chat completions: OpenAI, Azure, vLLM, Ollama, llama.cpp and others."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from .base import ANSWER_MAX, InvalidAnswer, Unavailable, schema


class OpenAICompatible:
    """`Provider` over HTTP. `base_url` ends before `/chat/completions`; redirects are not followed."""

    name = "openai"

    def __init__(self, *, api_key: str, model: str, base_url: str) -> None:
        self._api_key, self._model, self._base_url = api_key, model, base_url.rstrip("/")

    def look(self, *, picture: bytes, question: str, seconds: float) -> str:
        headers = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        try:
            answer = httpx.post(
                f"{self._base_url}/chat/completions",
                json=self._body(picture, question),
                headers=headers,
                timeout=seconds,
                follow_redirects=False,
                trust_env=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(type(error).__name__) from error
        if answer.status_code != 200:
            raise Unavailable(str(answer.status_code))
        if len(answer.content) > 10 * ANSWER_MAX:
            raise InvalidAnswer
        try:
            content = answer.json()["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise InvalidAnswer from error
        if not isinstance(content, str):
            raise InvalidAnswer
        return content

    def _body(self, picture: bytes, question: str) -> dict[str, Any]:
        url = "data:image/jpeg;base64," + base64.b64encode(picture).decode()
        return {
            "model": self._model,
            "temperature": 0,
            "max_tokens": 2_048,
            "messages": [
                {"role": "system", "content": question},
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "opinion", "strict": True, "schema": schema()},
            },
        }
