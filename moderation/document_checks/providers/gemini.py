"""Google's Gemini through its official client (googleapis.github.io/python-genai)."""

from __future__ import annotations

from google import genai
from google.genai import errors, types

from .base import InvalidAnswer, Unavailable, schema


class Gemini:
    """`Provider` of Gemini. `base_url` "" is Google itself."""

    name = "gemini"

    def __init__(self, *, api_key: str, model: str, base_url: str = "") -> None:
        self._api_key, self._model, self._base_url = api_key, model, base_url

    def look(self, *, picture: bytes, question: str, seconds: float) -> str:
        """One request, no second try: the layer's time is shorter than two answers."""
        options = types.HttpOptions(
            base_url=self._base_url or None,
            timeout=int(seconds * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            client_args={"follow_redirects": False},
        )
        config = types.GenerateContentConfig(
            system_instruction=question,
            response_mime_type="application/json",
            response_json_schema=schema(),
            temperature=0.0,
            max_output_tokens=2_048,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
        parts: list[types.PartUnionDict] = [types.Part.from_bytes(data=picture, mime_type="image/jpeg")]
        try:
            client = genai.Client(api_key=self._api_key, vertexai=False, http_options=options)
            answer = client.models.generate_content(model=self._model, contents=parts, config=config)
        except errors.APIError as error:
            raise Unavailable(str(error.code)) from error
        except Exception as error:  # of whichever HTTP client it uses; nothing of its answer was taken
            raise Unavailable(type(error).__name__) from error
        text = answer.text
        if not text:
            raise InvalidAnswer
        return text
