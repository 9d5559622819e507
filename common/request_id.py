"""The id of the request that is being answered: in log lines, responses and events. Pure."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
