"""A database of an earlier Touchstone is refused in one sentence before anything is changed in it."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db


def test_migrations_that_are_gone_stop_the_start():
    MigrationRecorder(connection).record_applied("labeling", "0001_of_an_earlier_touchstone")
    with pytest.raises(SystemCheckError, match="made by an earlier Touchstone"):
        call_command("migrate", verbosity=0, skip_checks=False)


def test_a_database_of_today_passes():
    call_command("migrate", verbosity=0, skip_checks=False)
