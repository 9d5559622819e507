"""The site of docs/: `make docs`. Pages are plain Markdown, read on GitHub as well; only the contents stand here.

Strict: a broken link, a missing anchor and a page that no contents name are errors (ADR 47).
"""

import re

from sphinx.application import Sphinx

# Per audience, in the order in which one reads. A new page is put in here.
CONTENTS = {
    "Start": ["first-ten-minutes", "glossary"],
    "Experts": ["experts"],
    "Operators": [
        "operators",
        "data",
        "training",
        "methods",
        "reading",
        "spans",
        "records",
        "order",
        "gate",
        "test-cases",
        "text-figures",
        "confidence",
        "deployment",
        "activity",
        "notifications",
    ],
    "Administrators": ["administrators", "accounts", "drivers", "templates"],
    "Who runs it": ["running", "proxy"],
    "Developers": ["developers", "api", "architecture", "pages", "vectors", "training-steps", "adr/index"],
}

project = "Touchstone"
extensions = ["myst_parser"]
exclude_patterns = ["img", "static"]
# Anchors as GitHub makes them.
myst_heading_anchors = 4
# Blocks of code name their language or are plain.
highlight_language = "none"
html_theme = "furo"
html_title = "Touchstone"
html_favicon = "../static/img/mark.svg"
html_theme_options = {"light_logo": "mark.svg", "dark_logo": "mark.svg"}
html_static_path = ["../static/img", "static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False


def contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the contents below the two pages that have some: GitHub would show the directive as code."""
    trees = []
    if docname == "index":
        trees = [f":hidden:\n:caption: {audience}\n\n" + "\n".join(pages) for audience, pages in CONTENTS.items()]
    elif docname == "adr/index":
        trees = [":glob:\n:maxdepth: 1\n\n[0-9]*"]
    # Markdown outside docs/ is no page: it is handed over as the file that it is.
    outside = rf"\]\((?=(?:\.\./){{{docname.count('/') + 1}}})([^)#:]+\.md)\)"
    source[0] = re.sub(outside, r"](path:\1)", source[0])
    source[0] += "".join(f"\n\n```{{toctree}}\n{tree}\n```\n" for tree in trees)


def setup(app: Sphinx) -> None:
    app.connect("source-read", contents)
