"""REST endpoints of a project's members, and of one's own tokens."""

from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import serializers_projects as shapes
from labeling import services
from labeling.access import Right, project_for, token_of
from labeling.models import ApiToken, Membership, User
from labeling.rest import Door, ProjectDoor
from labeling.services.settings import held


class Members(ProjectDoor, generics.ListAPIView[Membership]):
    """Who has which role in a project."""

    serializer_class = shapes.MemberSerializer
    queryset = Membership.objects.none()
    rights = {"GET": Right.MANAGE}

    def get_queryset(self) -> QuerySet[Membership]:
        return self.open().memberships.select_related("user")


class Member(ProjectDoor):
    """The role of one person in a project."""

    rights = {"PUT": Right.MANAGE, "DELETE": Right.MANAGE}

    @extend_schema(request=shapes.RoleSerializer, responses=shapes.MemberSerializer)
    def put(self, request: Request, key: str, username: str) -> Response:
        """Give a person a role, in place of the one they had. 409 for the last manager of a project."""
        project = self.open()
        asked = self.asked(shapes.RoleSerializer)
        with held(project):
            there = project.memberships.filter(user__username=username).values_list("ends_on", flat=True).first()
            row = services.set_role(self.caller, project, username, **{"ends_on": there, **asked})
        found: Any = shapes.MemberSerializer(row).data
        return Response(found)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key: str, username: str) -> Response:
        """Take a person's role away. 409 for the last manager of a project."""
        project = self.open()
        row = get_object_or_404(project.memberships.select_related("user"), user__username=username)
        services.remove_member(self.caller, project, row)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnDoor(Door):
    """What belongs to a person who is logged in: a program that could make tokens would need none of its own."""

    @classmethod
    def scopes_of(cls, method: str) -> list[str]:
        return []

    def owner(self) -> User:
        """Who is logged in; a POST may then begin. Raises `PermissionDenied` for a token."""
        if token_of(self.request) is not None:
            raise PermissionDenied("People look after their tokens themselves; log in.")
        self.begin()
        return cast(User, self.request.user)


class Tokens(OwnDoor, generics.ListAPIView[ApiToken]):
    """One's own tokens, newest first."""

    serializer_class = shapes.TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return services.tokens_of(self.owner())

    @extend_schema(request=shapes.NewTokenSerializer, responses={201: shapes.TokenMadeSerializer})
    def post(self, request: Request) -> Response:
        """Make a token for oneself, in projects that one manages.

        Its secret is in this answer alone, not in the one to the same request again.
        """
        owner = self.owner()
        asked = self.asked(shapes.NewTokenSerializer)
        projects = [project_for(owner, key, Right.MANAGE) for key in dict.fromkeys(asked["projects"])]
        token, secret = services.create_token(
            self.caller, owner, asked["name"], projects, list(dict.fromkeys(asked["scopes"])), asked["expires_at"]
        )
        found: Any = shapes.TokenMadeSerializer(token, context={"secret": secret}).data
        return Response(found, status=status.HTTP_201_CREATED)

    def kept(self, body: Any) -> Any:
        """Without the secret: nothing of ours keeps one."""
        return {**body, "secret": ""}


class Token(OwnDoor):
    """Revoke a token of one's own."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: UUID) -> Response:
        """At once. Revoking it again changes nothing."""
        row = get_object_or_404(services.tokens_of(self.owner()), uid=uid)
        services.revoke_tokens(self.caller, [row])
        return Response(status=status.HTTP_204_NO_CONTENT)
