"""JSON whose keys stay in the order that they were given in."""

import json
from typing import Any

from django.db import models

from common import jsonbounds


class OrderedJSONField(models.JSONField):
    """PostgreSQL's `jsonb` sorts keys; a schema's order is that of its form and of what models write. So it is kept as
    JSON in a JSON text, and nothing inside it can be asked for in SQL.
    """

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        text = value if value is None else json.dumps(value, ensure_ascii=False)
        return super().get_db_prep_value(text, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        return jsonbounds.loads(found) if isinstance(found, str) else found
