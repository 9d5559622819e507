"""REST endpoints of the order of review: its streams, and doubtful golden answers."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import serializers_order as shapes
from labeling.access import Right
from labeling.models import Project
from labeling.rest import ProjectDoor
from labeling.services.order.choosing import order_of, set_order
from labeling.services.order.told import MOST_DOUBTFUL, doubtful, order_facts
from labeling.services.settings import held
from labeling.streams import Shares


class OrderOfProject(ProjectDoor):
    """In which order texts come to review."""

    rights = {"PATCH": Right.MANAGE}

    @extend_schema(responses=shapes.OrderSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Three streams by shares, and how far the ranking of training texts is."""
        return _told(self.open())

    @extend_schema(request=shapes.OrderChangeSerializer, responses=shapes.OrderSerializer)
    def patch(self, request: Request, key: str) -> Response:
        """Change the shares of the streams, the order of training texts, or the seed. 400 unless they add up to 100."""
        project = self.open()
        asked = self.asked(shapes.OrderChangeSerializer)
        with held(project):
            row = order_of(project)
            shares = Shares(*(asked.get(name, getattr(row, name)) for name in Shares._fields))
            order, seed = asked.get("order", row.order), asked.get("seed", row.seed)
            set_order(self.caller, project, shares, order=order, seed=seed)
        return _told(project)


class Doubtful(ProjectDoor):
    """Golden answers to look at again."""

    queries = {"GET": shapes.DoubtfulQuery}

    @extend_schema(responses=shapes.DoubtfulSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        """Those that heads, which had not seen them, would give otherwise; the most doubtful first. No test texts."""
        rows = doubtful(self.open(), self.query.get("k", MOST_DOUBTFUL))
        return Response(shapes.DoubtfulSerializer(rows, many=True).data)


def _told(project: Project) -> Response:
    """The whole state, as both methods give it."""
    return Response(shapes.OrderSerializer(order_facts(project)).data)
