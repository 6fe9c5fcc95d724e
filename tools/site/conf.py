"""How Sphinx makes the pages; `make site` calls it on the sources that tools/make_site.py has gathered."""

import os
import sys

sys.path.insert(0, os.environ["LMMKIT_ROOT"])

import lmmkit

project = "lmmkit"
author = "The lmmkit contributors"
copyright = "the lmmkit contributors"
release = version = lmmkit.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # nothing is asked of any other machine
    "sphinx_copybutton",
]
# Its menu can ask for parts that make_site.py leaves out; MathML for screen readers does not need them.
mathjax3_config = {"options": {"enableMenu": False}}
root_doc = "index"
templates_path = ["_templates"]
exclude_patterns = ["_build"]

# The notebooks have been run by `make notebooks`; a page shows what is stored.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_code_prompt_show = "Show what this cell does"
nb_code_prompt_hide = "Hide it again"
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

numpydoc_show_class_members = False
numpydoc_xref_param_type = False
autodoc_member_order = "alphabetical"
toc_object_entries_show_parents = "hide"  # the names of a class's methods fit beside the page
autodoc_typehints = "none"
autodoc_preserve_defaults = True

copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = ">>> "

html_theme = "pydata_sphinx_theme"
html_title = "lmmkit"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,  # the arrow keys belong to the sliders
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 6,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars: dict[str, list[str]] = {"index": []}
