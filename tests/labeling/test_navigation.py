"""All pages of a project stand in one navigation, for whom they are open, and say which of them is open."""

import re

import pytest

from labeling import navigation
from tests.factories import make_expert, make_manager, make_operator, make_project

pytestmark = pytest.mark.django_db
EXPERTS = [
    "Overview", "Activity", "Review", "My reviews", "Order", "Guideline", "Analyze", "Auto-accept", "Samples",
    "Near-duplicates", "Runs", "Snapshots", "Benchmarks", "Deployments", "Traffic",
]  # fmt: skip


@pytest.fixture
def shop():
    return make_project("shop")


def titles(rights):
    return [entry.title for _, entries in navigation.entries("shop", rights) for entry in entries]


def test_each_role_finds_what_is_open_to_it(client, shop):
    client.force_login(make_expert(shop))
    nav = client.get("/projects/shop/").text.partition('aria-label="Project"')[2].partition("</nav>")[0]
    assert re.findall(r'">(?:\s*)([A-Z][\w, -]+)</a>', nav.replace(' aria-current="page"', ""))[1:] == EXPERTS
    assert "Settings" in titles({"view", "operate"})
    assert "Members" not in titles({"view", "operate"})
    assert titles(set()) == []


def test_every_page_opens_and_says_that_it_is_open(client, shop):
    client.force_login(make_manager(shop))
    rights = {"view", "review", "predict", "feedback", "import", "operate", "manage"}
    for _, entries in navigation.entries("shop", rights):
        for entry in entries:
            page = client.get(entry.url)
            assert page.status_code == 200, entry
            assert f'href="{entry.url}" aria-current="page"' in page.text, entry


def test_what_is_shown_can_be_opened(client, shop):
    client.force_login(make_operator(shop))
    shown = re.findall(r'href="(/projects/shop/[^"]*)"', client.get("/projects/shop/").text)
    refused = {url: client.get(url).status_code for url in shown}
    assert set(refused.values()) == {200}, refused


def test_a_group_that_is_none_is_refused():
    with pytest.raises(ValueError, match="Unknown group"):
        navigation.register(navigation.Page("x", "X", "labeling:home", "Elsewhere", 0))
