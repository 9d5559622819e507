"""REST bodies: JSON within bounds, refused as problem+json before anything of it is built."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from common import jsonbounds


class BoundedJSONParser(JSONParser):
    """As DRF's own, whose reader has no limit of length and goes down the levels by recursion."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value of the body. Raises `ParseError`, a 400, with what is wrong with it."""
        limit: int = settings.API_MAX_BODY_BYTES
        encoding = (parser_context or {}).get("encoding") or settings.DEFAULT_CHARSET
        body: bytes = stream.read(limit + 1)
        if len(body) > limit:
            raise ParseError(f"The body is longer than {limit} bytes; send it in several requests.")
        try:
            return jsonbounds.loads(body.decode(encoding))
        except ValueError as error:
            raise ParseError(f"The body is no JSON that can be read: {error}.") from error
