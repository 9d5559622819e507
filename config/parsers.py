"""REST bodies: JSON within bounds, refused as problem+json before anything of it is built."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from common import jsonbounds
from common.problems import TooLargeError
from common.text import holds_unstorable


class BoundedJSONParser(BaseParser):
    """In place of DRF's own, whose reader has no limit of length and goes down the levels by recursion.

    It is no `JSONParser`: to those DRF gives the body as Django reads it, whose limit is that of a form's fields.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value of the body. Raises `ParseError`, a 400, with what is wrong with it; 413 where it is too long."""
        limit: int = settings.API_MAX_BODY_BYTES
        encoding = (parser_context or {}).get("encoding") or settings.DEFAULT_CHARSET
        body: bytes = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLargeError(f"The body is longer than {limit:,} bytes; send it in several requests.")
        try:
            text = body.decode(encoding)
            found = jsonbounds.loads(text)
        except (ValueError, LookupError) as error:
            raise ParseError(f"The body is no JSON that can be read: {error}.") from error
        # Such characters come as escapes alone.
        if "\\u" in text and holds_unstorable(found):
            raise ParseError("The body holds characters that cannot be kept: NUL (\\u0000), or half of a pair.")
        return found
