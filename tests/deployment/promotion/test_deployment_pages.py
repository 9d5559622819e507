"""Deployments, one deployment, one version, and the confirmation pages."""

import pytest

from deployment.files import file_of
from deployment.live import live_version
from deployment.models import Deployment, StagedVersion
from tests.deployment.moves import confirm, premise_on, promote, rollback
from tests.deployment.standins import make_staged, make_version
from tests.factories import acting, make_admin, make_expert, make_operator, make_project

pytestmark = pytest.mark.django_db
URL = "/projects/shop/deployments/"


def test_an_empty_project_says_what_comes_first(shop, client):
    client.force_login(make_expert(shop))
    page = client.get(URL).content.decode()
    assert "Nothing is live yet" in page
    assert "There is no version yet" in page


def test_the_page_shows_live_candidates_and_history(shop, client):
    olga = make_operator(shop, "olga")
    promote(acting(olga), make_staged(shop, 1), reason="The first")
    make_staged(shop, 2, "refused")
    make_version(shop, 3)
    client.force_login(olga)
    page = client.get(URL).content.decode()
    for fact in ("Live since", "shop:v1", "by olga", "shop:v2 is refused.", "shop:v3", "FROM ", "Promote…", "History"):
        assert fact in page
    assert "/projects/shop/versions/2/promote/" in page
    assert "/projects/shop/versions/1/promote/" not in page


def test_an_expert_sees_no_buttons(shop, client):
    promote(acting(make_admin()), make_staged(shop, 1))
    make_staged(shop, 2)
    client.force_login(make_expert(shop))
    page = client.get(URL).content.decode()
    assert "Promote…" not in page
    assert client.get("/projects/shop/versions/2/promote/").status_code == 403
    assert client.post("/projects/shop/versions/2/promote/", {"reason": "x"}).status_code == 403
    assert client.post("/projects/shop/deployments/reload/").status_code == 403
    assert live_version(shop).number == 1


def test_it_polls_only_while_something_moves(shop, client):
    client.force_login(make_operator(shop))
    promote(acting(make_admin()), make_staged(shop, 1))
    assert 'hx-trigger="every 2s"' not in client.get(URL).content.decode()
    version = make_staged(shop, 2)
    StagedVersion.objects.filter(version=version).update(state="staging")
    assert 'hx-trigger="every 2s"' in client.get(URL).content.decode()
    part = client.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div id="deployments"')


def test_a_promotion_is_confirmed_with_report_and_difference(shop, client):
    olga = make_operator(shop, "olga")
    promote(acting(olga), make_staged(shop, 1))
    make_staged(shop, 2)
    client.force_login(olga)
    page = client.get("/projects/shop/versions/2/promote/").content.decode()
    for fact in ("shop:v2 is passed.", "paired", "diff-add", "diff-remove", "v2.gguf", "Reason (optional)"):
        assert fact in page
    response = confirm(client, "/projects/shop/versions/2/promote/")
    assert "shop:v2 is live. The move took" in response.content.decode()


def test_who_decided_on_something_else_is_shown_what_is_so_now(shop, client):
    olga = make_operator(shop, "olga")
    v1, v2, v3 = (make_staged(shop, number) for number in (1, 2, 3))
    promote(olga, v1)
    client.force_login(make_operator(shop, "oscar"))
    url = f"/projects/shop/versions/{v3.number}/promote/"
    decided_on = premise_on(client, url)
    promote(olga, v2)
    late = client.post(url, {"premise": decided_on, "reason": "Agreed with the team"})
    page = late.content.decode()
    assert late.status_code == 409
    assert "What you decided on has changed: shop:v2 is live now: olga promoted it" in page
    assert "Agreed with the team" in page
    assert live_version(shop) == v2
    confirm(client, url, reason="Agreed with the team")
    assert live_version(shop) == v3


def test_the_form_asks_for_a_reason_where_the_verdict_is_not_passed(shop, client):
    make_staged(shop, 1, "insufficient")
    client.force_login(make_operator(shop))
    response = confirm(client, "/projects/shop/versions/1/promote/")
    assert response.status_code == 400
    assert "Give a reason" in response.content.decode()
    assert not Deployment.objects.exists()
    confirm(client, "/projects/shop/versions/1/promote/", reason="We take it.")
    assert live_version(shop).number == 1


def test_a_failure_is_told_and_stays_in_the_history(shop, client, standin):
    operator = make_operator(shop)
    promote(acting(operator), make_staged(shop, 1))
    make_staged(shop, 2)
    standin.fail("/api/copy")
    client.force_login(operator)
    response = confirm(client, "/projects/shop/versions/2/promote/")
    page = response.content.decode()
    assert "shop:v2 did not go live" in page
    assert "shop:v1 is still live" in page
    failed = Deployment.objects.get(state="failed")
    detail = client.get(f"{URL}{failed.uid}/").content.decode()
    assert "Failed after the step “moved”" in detail


def test_a_deployment_shows_its_modelfile_and_the_difference(shop, client):
    operator = make_operator(shop)
    promote(acting(operator), make_staged(shop, 1))
    promote(acting(operator), make_staged(shop, 2))
    done = rollback(acting(operator), shop, reason="Worse on invoices")
    client.force_login(operator)
    page = client.get(f"{URL}{done.uid}/").content.decode()
    for fact in ("Worse on invoices", "alias digest", "diff-remove", "PARAMETER temperature", "shop:v2"):
        assert fact in page


def test_the_version_page_shows_the_lineage(shop, client):
    version = make_staged(shop, 1)
    promote(acting(make_admin()), version)
    client.force_login(make_expert(shop))
    page = client.get("/projects/shop/versions/1/").content.decode()
    for fact in (
        file_of(version).digest[:16],
        "tiny",
        "All ids are equal.",
        "models.invalid/touchstone/shop:v1",
        "is passed.",
        "live",
    ):
        assert fact in page


def test_looking_again_says_what_is_live(shop, client):
    operator = make_operator(shop)
    promote(acting(operator), make_staged(shop, 1))
    client.force_login(operator)
    page = client.post("/projects/shop/deployments/reload/", follow=True).content.decode()
    assert "Looked again: live is shop:v1" in page


def test_another_projects_operator_finds_nothing(shop, client):
    promote(acting(make_admin()), make_staged(shop, 1))
    client.force_login(make_operator(make_project("other")))
    row = Deployment.objects.get()
    for path in (URL, f"{URL}{row.uid}/", "/projects/shop/versions/1/", "/projects/shop/versions/1/promote/"):
        assert client.get(path).status_code == 404


def test_a_page_of_many_versions_asks_few_queries(shop, client, django_assert_max_num_queries):
    promote(acting(make_admin()), make_staged(shop, 1))
    for number in range(2, 10):
        make_staged(shop, number)
    client.force_login(make_operator(shop))
    with django_assert_max_num_queries(24):
        client.get(URL)
