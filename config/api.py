"""What all REST endpoints share: throttling by caller."""

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.throttling import SimpleRateThrottle

from common.pause import Pause

logger = logging.getLogger(__name__)
_away = Pause(5.0)


class CallerThrottle(SimpleRateThrottle):
    """One count per token, else per person, else per address. Open while nothing can be counted."""

    scope = "caller"

    def allow_request(self, request: Any, view: Any) -> bool:
        """True where the caller has not asked too often, or the cache that counts is away, which is logged."""
        if _away.lasts:
            return True
        try:
            return bool(super().allow_request(request, view))
        except (RedisError, OSError) as error:
            _away.begin()
            logger.warning("Requests are not throttled, the cache does not answer: %s", error)
            return True

    def get_cache_key(self, request: Any, view: Any) -> str:
        if request.auth is not None:
            ident = f"token-{request.auth.pk}"
        elif request.user.is_authenticated:
            ident = f"user-{request.user.pk}"
        else:
            ident = self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
