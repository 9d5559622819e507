"""What pages of the docs say of states and variables stands in the code, too, and the other way round."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parent.parent
# Class in the models -> heading in the glossary.
SECTIONS = {
    "SampleState": "Samples",
    "ImportBatch.State": "Imports",
    "Export.State": "Exports",
    "VectorSet.State": "Vectors",
    "BaseModel.State": "Bases",
    "TrainingRun.State": "Runs",
    "TrainingRun.Ending": "Endings of runs",
    "Artifact.State": "Artifacts",
    "BuildStep.State": "Build steps",
    "StagedVersion.State": "Staged versions",
    "Benchmark.State": "Benchmarks",
    "Verdict": "Verdicts",
    "Deployment.State": "Deployments",
    "DeploymentTarget.State": "A deployment on one server",
    "Finding.State": "Findings",
    "ModelPull.State": "Pulls",
    "Digest.State": "Mails of news",
    "Delivery.State": "Messages to webhooks",
}
# What a certificate ended by is told by the page in whole sentences.
SAID_ON_THE_PAGE = {"Certificate.Ending"}


@cache
def state_classes() -> dict[str, dict[str, str]]:
    """Class -> value -> label, of every `TextChoices` of states in the models."""
    files = (file for floor in ("labeling", "training", "deployment", "evaluation") for file in models_of(floor))
    return {name: choices(node) for file in files for name, node in classes(ast.parse(file.read_text("utf-8")))}


def models_of(floor: str) -> list[Path]:
    return sorted((ROOT / floor / "models").glob("*.py"))


def classes(node: ast.AST, around: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.ClassDef):
            name = f"{around}.{each.name}".lstrip(".")
            is_choice = any("TextChoices" in ast.unparse(base) for base in each.bases)
            if is_choice and each.name.endswith(("State", "Ending", "Verdict")):
                yield name, each
            yield from classes(each, name)


def choices(node: ast.ClassDef) -> dict[str, str]:
    values = [ast.literal_eval(each.value) for each in node.body if isinstance(each, ast.Assign)]
    return dict((value, "") if isinstance(value, str) else value for value in values)


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its first two lines."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    below = re.split(rf"^#+ {re.escape(heading)}$", text, maxsplit=1, flags=re.M)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, re.M)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_class_of_states_has_its_place_in_the_glossary():
    assert set(state_classes()) - SAID_ON_THE_PAGE == set(SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_the_glossary_has_every_state_as_pages_call_it_and_what_it_means(name):
    rows = table("glossary.md", SECTIONS[name])
    wanted = {f"`{value}`" + (f" (*{label}*)" if label else "") for value, label in state_classes()[name].items()}
    assert {re.sub(r" \(shown as .*", "", state) for state, _, _ in rows} == wanted
    assert all(meaning for _, meaning, _ in rows)


def settings_read() -> dict[str, str]:
    """Variable -> its default as Python text; empty where it is required. `prefix` has none of its own."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse((ROOT / "config" / "settings.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env."):
            name, *default = node.args
            found.setdefault(ast.literal_eval(name), ast.unparse(default[0]) if default else "")
    return found


def written() -> dict[str, str]:
    return {variable.strip("`"): default for variable, default, _ in table("running.md", "Environment")}


def test_the_table_of_variables_is_what_the_settings_read():
    assert set(written()) == set(settings_read())


def test_the_table_of_variables_has_their_defaults():
    for name, default in settings_read().items():
        try:
            # Arithmetic such as `24 * 3600`, and literals: nothing else has a value without names.
            value = eval(default, {"__builtins__": {}})
        except (NameError, SyntaxError):
            continue
        if isinstance(value, tuple):
            value = value[0]  # one of these, the first unless told otherwise
        if value in ("", []):
            assert not written()[name].startswith("`"), name
        else:
            shown = ",".join(value) if isinstance(value, list) else f"{value:g}" if type(value) is float else str(value)
            assert written()[name] == f"`{shown}`", name


def test_other_variables_of_the_web_server_are_told():
    text = (ROOT / "docs" / "running.md").read_text("utf-8")
    read = re.findall(r'environ\.get\("([A-Z_]+)"\)', (ROOT / "gunicorn.conf.py").read_text("utf-8"))
    assert read
    assert all(f"`{name}`" in text for name in read)


def test_the_jobs_that_act_by_themselves_are_told():
    floors = ("labeling", "training", "deployment", "evaluation", "common", "config", "demo")
    files = [file.read_text("utf-8") for floor in floors for file in (ROOT / floor).rglob("*.py")]
    jobs = {
        job for text in files for job in re.findall(r'\bsystem\("([^"]+)"\)', text) if not job.startswith("command ")
    }
    told = re.search(
        r"the system at a job:(.*?)or `command NAME`", (ROOT / "docs/activity.md").read_text("utf-8"), re.S
    )
    assert told
    assert set(re.findall(r"`([^`]+)`", told[1])) == jobs


# Of Django's own form of a user.
OF_DJANGO = {"password-based authentication", "disabled"}


@cache
def in_the_product() -> str:
    """All that templates and code may show, in lower case; names of fields as forms show them."""
    floors = ("labeling", "training", "deployment", "evaluation", "common", "config")
    files = [
        *(ROOT / "templates").rglob("*.html"),
        *(file for floor in floors for file in (ROOT / floor).rglob("*.py")),
    ]
    return re.sub(r"\s+", " ", " ".join(file.read_text("utf-8") for file in files).replace("_", " ")).lower()


@pytest.mark.parametrize("page", ["first-ten-minutes", "experts", "operators", "administrators"])
def test_a_button_or_field_that_a_guide_names_is_there(page):
    text = " ".join((ROOT / "docs" / f"{page}.md").read_text("utf-8").split())
    phrases = re.findall(r"\*([^*]+)\*", re.sub(r"\*\*[^*]+\*\*", "", text))
    named = {part.strip(" .").lower() for phrase in phrases for part in re.split("…|: ", phrase)}
    product = in_the_product()
    assert [name for name in sorted(named - OF_DJANGO) if name not in product] == []


def test_links_of_markdown_beside_the_site_lead_to_files():
    beside = [*ROOT.glob("*.md"), *(ROOT / "benchmarks").rglob("README.md"), *(ROOT / "demo").rglob("README.md")]
    links = [
        (file, link) for file in beside for link in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", file.read_text("utf-8"))
    ]
    assert any(file.name == "README.md" and link.endswith(".png") for file, link in links)
    assert [(file.name, link) for file, link in links if not (file.parent / link).exists()] == []
