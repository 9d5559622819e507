"""Who calls the API, by the token that is sent."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from labeling.models import ApiToken, User
from labeling.secrets import digest_of

_TOUCH_EVERY = timedelta(minutes=1)


class ScopedTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tsk_...`; the caller acts as the token's owner, within the token's scopes and projects."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send the header as 'Authorization: Bearer <token>'.")
        now = timezone.now()
        token = ApiToken.objects.select_related("owner").filter(digest=digest_of(parts[1].decode("latin-1"))).first()
        if token is None or token.revoked_at or (token.expires_at and token.expires_at <= now):
            raise AuthenticationFailed("This token is unknown, revoked or expired. Ask an administrator for a new one.")
        if not token.owner.is_active:
            raise AuthenticationFailed("The owner of this token is no longer active.")
        if token.last_used_at is None or now - token.last_used_at > _TOUCH_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="touchstone"'


def _schema_extension() -> Any:
    from drf_spectacular.extensions import OpenApiAuthenticationExtension

    class ScopedTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
        target_class = "labeling.tokens.ScopedTokenAuthentication"
        name = "token"

        def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
            return {"type": "http", "scheme": "bearer"}

    return ScopedTokenScheme


ScopedTokenScheme = _schema_extension()
