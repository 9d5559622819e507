"""Promotion and rollback by one command."""

import pytest
from django.core.management import CommandError, call_command

from deployment.live import live_version
from deployment.models import Deployment
from tests.deployment.standins import make_staged
from tests.factories import make_expert, make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(shop):
    for number in (1, 2):
        make_staged(shop, number)
    return shop


def test_forward_and_back(two, capsys):
    olga = make_operator(two, "olga")
    call_command("promote", "shop", "v1", user="olga")
    call_command("promote", "shop", "2")
    call_command("rollback", "shop", reason="v2 is worse", user="olga")
    assert live_version(two).number == 1
    row = Deployment.objects.first()
    assert (row.action, row.reason, row.actor) == ("rollback", "v2 is worse", olga)
    assert "shop:v1 is live; staged" in capsys.readouterr().out
    call_command("rollback", "shop", to="v2", reason="it was not")
    assert live_version(two).number == 2


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["promote", "nowhere", "v1"], "There is no project nowhere. Projects: shop."),
        (["promote", "shop", "v9"], "There is no version v9 in shop."),
        (["promote", "shop", "newest"], "There is no version newest"),
        (["promote", "shop", "v1", "--user", "nobody"], "There is no active user nobody."),
        (["promote", "shop", "v1", "--user", "ana"], "may not operate"),
        (["rollback", "shop", "--reason", "why not"], "no earlier live version"),
        (["rollback", "shop"], "no earlier live version"),
    ],
)
def test_what_cannot_be_done_is_said(two, command, says):
    make_expert(two, "ana")
    with pytest.raises(CommandError, match=says):
        call_command(*command)
    assert live_version(two) is None
