"""Around the text, by keyboard and by touch: panels, own keys, a reason to skip, labels found, drafts that survive."""

import re

import pytest

from labeling import services
from labeling.models import GoldenSample, Label, Mention, Review, User
from tests.browser import log_in
from tests.factories import acting, make_expert, make_manager, make_project, make_sample
from tests.labeling.proposing import propose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LABELS = ("refund_lost", "café", *(f"label_number_{number}" for number in range(20)))


@pytest.fixture
def project():
    project = make_project("many", labels=LABELS, max_labels=2)
    services.change_label(
        acting(make_manager(project, "mia")), Label.objects.get(name="café"), description="Of coffee."
    )
    services.write_guideline(acting(User.objects.get(username="mia")), project, "Money is **billing**.")
    for number in range(1, 5):
        propose(make_sample(project, f"Text number {number}", rank=number), '{"labels": ["label_number_7"]}')
    make_expert(project, "ana")
    return project


@pytest.fixture
def open_page(browser, live_server, project):
    """A page of the size that is asked for; nothing may go wrong on it."""
    opened, errors = [], []

    def open_it(width, height, **how):
        page = browser.new_page(viewport={"width": width, "height": height}, **how)
        page.on("pageerror", lambda error: errors.append(str(error)))
        log_in(page, live_server.url, "ana")
        page.goto(f"{live_server.url}/projects/many/review/")
        opened.append(page)
        return page

    yield open_it
    for page in opened:
        page.close()
    assert not errors


def sees(page, number):
    page.locator("#sample-text", has_text=re.compile(rf"number {number}\s*$")).wait_for(timeout=10_000)


def on(page):
    return page.locator(".toggle input:checked").evaluate_all("all => all.map(each => each.value)")


def test_the_panel_the_keys_and_a_reason_by_keyboard_alone(open_page):
    page = open_page(1440, 900)
    sees(page, 1)
    lefts = {page.locator(each).bounding_box()["x"] for each in (".desk-links", ".review-card", ".bar")}
    assert len(lefts) == 1, "one left edge"
    page.keyboard.press("g")
    page.locator("#panel strong", has_text="billing").wait_for()
    page.keyboard.press("Enter")
    sees(page, 2)
    assert page.locator("#panel").is_visible(), "the guideline stays beside the next text"
    page.keyboard.press("r")
    page.locator("#panel pre", has_text='{"labels": ["label_number_7"]}').wait_for()
    page.locator("#panel pre", has_text="Tag the message.").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()
    assert page.evaluate("document.activeElement.id") == "sample-text"

    page.keyboard.press("?")
    page.locator("dialog[open]", has_text="Skip with a reason").wait_for()
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    page.locator("dialog:not([open])").wait_for(state="attached")
    assert page.evaluate("document.activeElement.id") == "sample-text"
    sees(page, 2)

    page.keyboard.press("w")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Two matters, sux")
    page.keyboard.press("Tab")
    page.keyboard.type("mia")
    page.keyboard.press("Enter")
    sees(page, 3)
    skipped = Review.objects.get(action="skip")
    assert (skipped.skip_reason, skipped.comment) == ("unclear", "Two matters, sux @mia")
    assert Mention.objects.get().user.username == "mia"


def test_labels_are_found_told_counted_and_kept_over_a_reload(open_page):
    page = open_page(390, 844, has_touch=True)
    sees(page, 1)
    assert page.locator(".toggle .name").first.inner_text() == "label_number_7", "what is proposed stands first"
    page.keyboard.press("/")
    page.keyboard.type("REFUND lost")
    assert page.locator(".toggle:visible .name").all_inner_texts() == ["refund_lost"]
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    page.keyboard.type("no such label")
    page.locator("#found", has_text="No label holds “no such label”.").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.locator("input[value=café]").tap()
    page.locator("#about", has_text="café: Of coffee.").wait_for()
    page.locator("#limit", has_text="At most 2 labels: take 1 away.").wait_for()
    page.keyboard.press("c")
    page.keyboard.type("perhaps")
    chosen = on(page)
    page.reload()
    page.locator("#saved", has_text="filled in again").wait_for()
    assert sorted(on(page)) == sorted(chosen) == ["café", "label_number_7", "refund_lost"]
    assert page.locator("[name=comment]").input_value() == "perhaps"
    page.locator("input[value=label_number_7]").tap()
    page.locator("#save").tap()
    sees(page, 2)
    assert page.locator(".toggle .name").all_inner_texts()[:3] == ["label_number_7", "refund_lost", "café"]
    assert GoldenSample.objects.get().answer == {"labels": ["refund_lost", "café"]}
    page.reload()
    sees(page, 2)
    assert on(page) == ["label_number_7"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_own_keys_and_a_choice_that_saves_at_once(open_page, live_server, project):
    one = make_project("one", kind="single_label", labels=("yes", "no"))
    services.set_role(acting(make_manager(one, "max")), one, "ana", "expert")
    blind = make_sample(one, "Text number 1", rank=1, split="test")
    propose(blind, '{"label": "yes"}', source="api")
    make_sample(one, "Text number 2", rank=2)
    page = open_page(1440, 900)
    page.goto(f"{live_server.url}/account/")
    page.locator("summary", has_text="Keys").click()
    page.fill("[name=skip]", "u")
    page.click("text=Save >> nth=-1")
    page.locator(".errorlist", has_text="U is there twice, for “Skip” and").wait_for()
    page.fill("[name=skip]", "k")
    page.check("[name=advances]")
    page.click("text=Save >> nth=-1")
    page.locator("text=this is how you review from now on").wait_for()

    page.goto(f"{live_server.url}/projects/one/review/")
    sees(page, 1)
    assert page.locator("#actions [value=skip] kbd").text_content() == "K"
    page.keyboard.press("s")
    page.keyboard.press("2")
    page.locator("#saved", has_text="labelled, no").wait_for()
    sees(page, 2)
    page.keyboard.press("v")
    page.locator("#panel button:focus", has_text="Show what the model says").wait_for()
    page.keyboard.press("Enter")
    page.locator("#panel a:focus", has_text="Keep mine").wait_for()
    assert "yes" in page.locator("#panel .both").inner_text()
    page.keyboard.press("Enter")
    page.locator("#panel").wait_for(state="hidden")
    sees(page, 2)
    page.keyboard.press("k")
    page.locator("#saved", has_text="skipped").wait_for()
    assert list(Review.objects.order_by("id").values_list("action", flat=True)) == ["correct", "skip"]
    assert (GoldenSample.objects.get().given, GoldenSample.objects.get().answer) == ("blind", {"label": "no"})
