"""A third kind of server is one module and one line in `KINDS`: forms offer it, and its rows get its driver."""

import pytest
from django.core.exceptions import ValidationError

from deployment.models import InferenceServer
from deployment.models.server_kinds import KINDS, kind_choices
from deployment.servers.drivers import Address, driver_for
from deployment.servers.drivers.local import LocalDriver

pytestmark = pytest.mark.django_db


class ThirdDriver(LocalDriver):
    """As good as any for this."""


def third_driver(address: Address) -> ThirdDriver:
    return ThirdDriver(address.url, address.key, address.slots, address.timeout)


def test_a_kind_in_the_registry_is_enough(monkeypatch):
    server = InferenceServer(
        name="third", kind="third", url="http://192.0.2.1:8000", slots=3, key_env="TOUCHSTONE_KEY_THIRD"
    )
    with pytest.raises(ValidationError, match="third"):
        server.full_clean()
    monkeypatch.setitem(KINDS, "third", ("Third", f"{__name__}.third_driver"))
    monkeypatch.setenv("TOUCHSTONE_KEY_THIRD", "secret")
    server.full_clean()
    assert ("third", "Third") in kind_choices()
    driver = driver_for(server)
    assert isinstance(driver, ThirdDriver)
    assert (driver.slots, driver.client.headers["Authorization"]) == (3, "Bearer secret")


def test_drivers_of_one_row_share_their_connections():
    server = InferenceServer(name="one", kind="ollama", url="http://192.0.2.1:11434")
    assert driver_for(server) is driver_for(InferenceServer(name="two", kind="ollama", url=server.url))
    assert driver_for(server) is not driver_for(InferenceServer(name="one", kind="ollama", url=server.url, threads=2))
