"""How Sphinx makes the site of the pages in docs/, of README, CHANGELOG and SECURITY, and of the docstrings.

The sources' root is the project's root, so every link that works on a page of the repository works here as well, and
is checked: a link to a page or a heading that is not there is an error, and so is a page that stands in no menu.
Nothing is fetched, neither when the site is made nor when it is read.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the extensions below

project = "receipt-sync"
author = "the receipt-sync authors"
copyright = "the receipt-sync authors, MIT licence"  # noqa: A001 - Sphinx's name
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "docstrings",
    "folders",
    "menus",
    "offline",
]
root_doc = "docs/site/index"
include_patterns = ["README.md", "CHANGELOG.md", "SECURITY.md", "docs/**", "examples/*.md"]
# Whole rooms are left out, so that nobody walks through them, and through environments least of all.
exclude_patterns = [
    ".*",
    "**/node_modules",
    "bench",
    "build",
    "demo",
    "dist",
    "docker",
    "producer",
    "requirements",
    "sandbox",
    "settings",
    "stack",
    "tasks",
    "tests",
    "traffic",
    "worker",
]
templates_path = ["templates"]
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(redis|dataclasses|collections\.abc|typing)\..*")]  # what others document
suppress_warnings = [
    "toc.not_readable",  # a menu may name a page that is yet to come: a page that is here has to stand in one
    "misc.highlighting_failure",  # "…" stands for what the reader has to put there
]

myst_heading_anchors = 3  # as GitHub names them
myst_enable_extensions = ["colon_fence"]
smartquotes_action = "D"  # dashes alone: a quoted character stays what it is
pygments_dark_style = "github-dark"
highlight_language = "none"  # a fence without a language is no Python

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"
copybutton_here_doc_delimiter = "END"

html_theme = "furo"
html_title = "receipt-sync"
html_logo = html_favicon = "static/ticks.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "start.html"}  # leads to the start page, which stands where its source does
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#1f6f8b",
        "color-brand-content": "#1a6680",
        "color-brand-visited": "#1a6680",
    },
    "dark_css_variables": {
        "color-brand-primary": "#5cc3e4",
        "color-brand-content": "#6cc9e8",
        "color-brand-visited": "#6cc9e8",
    },
}
