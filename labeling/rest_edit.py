"""What is read, changed and put back: its `ETag` says how it was read, and nobody's change is lost without a word."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from common.problems import ChangedError, UnreadError
from labeling.models import Project
from labeling.rest import IF_MATCH, ProjectDoor
from labeling.services.settings import held


class EditedDoor(ProjectDoor):
    """One thing that is shown with its `ETag`; a PATCH says by `If-Match` which one it has read.

    412 where it has changed since, 428 where the request does not say, unless that is free to it (`must_match`); `*`
    changes whatever is there.
    """

    must_match = True

    @classmethod
    def races(cls, method: str) -> bool:
        return method == "PATCH"

    def shown(self, project: Project) -> dict[str, Any]:
        """The thing as it is now, as the answer has it."""
        raise NotImplementedError

    def told(self, project: Project) -> Response:
        """The answer: the thing, and its `ETag`."""
        body = self.shown(project)
        return Response(body, headers={"ETag": etag_of(body)})

    @contextmanager
    def unchanged(self, project: Project) -> Iterator[None]:
        """Within it the thing is as the caller has read it, and no other request changes it."""
        asked = self.request.headers.get(IF_MATCH, "").strip()
        if not asked and self.must_match:
            raise UnreadError(f"Read it, and send its `ETag` as `{IF_MATCH}`; `*` changes whatever is there.")
        with held(project):
            now = etag_of(self.shown(project))
            if asked not in ("", "*") and now not in [each.strip().removeprefix("W/") for each in asked.split(",")]:
                raise ChangedError(f"It was changed since you read it. Read it again: its `ETag` is {now} now.")
            yield


def etag_of(body: Any) -> str:
    """The same for the same answer, and another one for any other."""
    encoder = JSONEncoder(sort_keys=True, ensure_ascii=False)
    return f'"{hashlib.sha256(encoder.encode(body).encode(errors="surrogatepass")).hexdigest()[:32]}"'
