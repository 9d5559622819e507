"""The doors that every REST view goes through, on whichever floor it lives: what it may ask, and what is done once."""

from typing import Any, NoReturn

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, ValidationError
from rest_framework.views import APIView

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from common.rest import PageQuery, Query, Strict
from common.text import storable
from labeling.access import SCOPE_RIGHTS, Right, actor_of, may, project_for, token_of
from labeling.models import KeptResponse, Project, Scope
from labeling.services import retries

KEY = "Idempotency-Key"
IF_MATCH = "If-Match"
MAX_KEY = 255


class KeyReusedError(ProblemError):
    """One key for two requests: one of them would get the other's answer."""

    problem_status = 422


class StillWorksError(ConflictError):
    """The first request with a key has no answer yet."""

    def __init__(self) -> None:
        super().__init__(
            "The first request with this key has not ended: it still works, or it broke off. Wait and send it "
            "again; where that does not help, look at what was done and take a new key."
        )
        self.headers = {"Retry-After": "10"}


class Replayed(Exception):
    """The request was sent before, and this is what came of it: the way out of a handler whose work is done."""

    def __init__(self, response: Response) -> None:
        super().__init__("replayed")
        self.response = response


class Door(APIView):
    """A view of the API. It takes the parameters of its `queries` and no others, and a POST with a key works once."""

    # The name of the address under which what a POST made is found by its `uid`.
    made_at = ""
    # By method; a list takes those of its pages unless it says more.
    queries: dict[str, type[Query]] = {}
    query: dict[str, Any]
    _claimed: KeptResponse | None = None
    _begun = False

    @classmethod
    def query_of(cls, method: str) -> type[Query]:
        """The parameters that a method takes."""
        method = "GET" if method == "HEAD" else method
        pages = method == "GET" and issubclass(cls, ListModelMixin)
        return cls.queries.get(method) or (PageQuery if pages else Query)

    @classmethod
    def races(cls, method: str) -> bool:
        """Whether a method edits what was read before, so that `If-Match` has to say what that was."""
        return False

    @classmethod
    def scopes_of(cls, method: str) -> list[str]:
        """The scopes of which a token needs one; without any no token is taken. Here each opens it."""
        return list(Scope.values)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # A method that is not there is a 405, whatever else is wrong.
        if hasattr(self, str(request.method).lower()):
            self.query = self.query_of(str(request.method)).read(request.query_params)

    @property
    def caller(self) -> Actor:
        """Who asks, as the services are told; every endpoint asks for authentication."""
        return actor_of(self.request)

    def asked(self, serializer: type[Strict]) -> dict[str, Any]:
        """The request's body as `serializer` reads it. A 400 names each field that is wrong."""
        return self.read(serializer(data=self.request.data))

    def read(self, body: BaseSerializer[Any]) -> dict[str, Any]:
        """The same of a serializer that has its data already."""
        body.is_valid(raise_exception=True)
        found: dict[str, Any] = body.validated_data
        return found

    def begin(self) -> None:
        """Called where the caller's right is known, before anything is done.

        Raises `Replayed` where the request was sent before, `StillWorksError` where the first one goes on, and
        `KeyReusedError` where its key was sent with something else.
        """
        key = self.request.headers.get(KEY)
        if self.request.method != "POST" or key is None or self._begun:
            return
        self._begun = True
        if not (key.isascii() and key.isprintable() and 0 < len(key) <= MAX_KEY):
            raise ValidationError({KEY: [f"Send 1 to {MAX_KEY} printable ASCII characters, such as a UUID."]})
        digest = retries.digest_of(self.sent())
        row, claimed = retries.claim(retries.caller_of(self.caller), key, digest)
        if claimed:
            self._claimed = row
        else:
            self._repeat(row, digest)

    def _repeat(self, row: KeptResponse, digest: str) -> NoReturn:
        if row.digest != digest:
            raise KeyReusedError(f"This {KEY} was sent with another request before. Take a new one for a new request.")
        if row.status is None:
            raise StillWorksError
        response = Response(self.recalled(row.body), status=row.status)
        response["Idempotency-Replayed"] = "true"
        raise Replayed(response)

    def sent(self) -> Any:
        """What tells this request from another one with the same key."""
        return [self.request.path, self.request.data]

    def kept(self, body: Any) -> Any:
        """What is kept of a response, so that `recalled` makes the same of it; of texts, ids are enough."""
        return body

    def recalled(self, kept: Any) -> Any:
        """The body of a response, of what was kept of it."""
        return kept

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Replayed):
            return exc.response
        if self._claimed is not None:
            retries.give_back(self._claimed)
            self._claimed = None
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._claimed is not None:
            retries.keep(self._claimed, response.status_code, self.kept(response.data))
            self._claimed = None
        if self.made_at and response.status_code in (201, 202) and "uid" in response.data:
            response["Location"] = reverse(self.made_at, args=[self.kwargs["key"], response.data["uid"]])
        return super().finalize_response(request, response, *args, **kwargs)


class ProjectDoor(Door):
    """Views below a project: `self.open()` is the one way to it, 404 or 403 for those without the method's right."""

    # By method; to read takes the right to view unless it says more, and what changes something always says it.
    rights: dict[str, Right] = {}
    also_archived = False

    @classmethod
    def right_of(cls, method: str) -> Right:
        """The right in the project that a method takes. Raises `KeyError` where nobody has decided on it."""
        return cls.rights.get("GET", Right.VIEW) if method in ("GET", "HEAD") else cls.rights[method]

    @classmethod
    def scopes_of(cls, method: str) -> list[str]:
        right = cls.right_of(method)
        return [scope for scope, rights in SCOPE_RIGHTS.items() if right in rights]

    def open(self) -> Project:
        """The project of the URL, if the caller (and the token) has the method's right; a POST may then begin."""
        right = self.right_of(str(self.request.method))
        project = project_for(
            self.request.user, self.kwargs["key"], right, token_of(self.request), also_archived=self.also_archived
        )
        self.begin()
        return project

    def may(self, project: Project, right: Right) -> bool:
        """Whether the caller, through the token, has `right` in `project`."""
        return may(self.caller, project, right)


def narrowed(rows: QuerySet[Any], query: dict[str, Any], **paths: str) -> QuerySet[Any]:
    """The rows that a query asks for; `paths` lead from the names that it may say to columns."""
    asked = {path: query[name] for name, path in paths.items() if name in query}
    return rows.filter(**{path: storable(value) if isinstance(value, str) else value for path, value in asked.items()})
