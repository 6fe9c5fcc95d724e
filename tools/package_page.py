"""What a package index shows of lmmkit: a metadata hook of hatchling, with Python's own library only.

A package's page stands far from the repository's files. Links to them lead to the address in `LMMKIT_URL`; without
one, only their words stay, and pictures go. That address is set by whoever publishes: the workflow takes its own.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

ADDRESS = "LMMKIT_URL"
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)")


class PackagePage(MetadataHookInterface):
    """Gives the package its description and its links."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling with the `[project]` table."""
        address = os.environ.get(ADDRESS, "").rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": page(text, address)}
        metadata["urls"] = links(address)


def links(address: str) -> dict[str, str]:
    """The package's links, by name; none when nobody said where it stands.

    Examples
    --------
    >>> links("https://example.org/lmmkit")["Changelog"]
    'https://example.org/lmmkit/blob/HEAD/CHANGELOG.md'
    """
    if not address:
        return {}
    return {
        "Source": address,
        "Issues": f"{address}/issues",
        "Changelog": f"{address}/blob/HEAD/CHANGELOG.md",
    }


def page(text: str, address: str) -> str:
    """The README as a page that stands by itself.

    Examples
    --------
    >>> page("See [the dictionary](data/README.md).", "")
    'See the dictionary.'
    >>> page("See [the dictionary](data/README.md).", "https://example.org/lmmkit")
    'See [the dictionary](https://example.org/lmmkit/blob/HEAD/data/README.md).'
    """

    def moved(link: re.Match[str]) -> str:
        mark, words, target = link.groups()
        if address:
            return f"{mark}[{words}]({address}/{'raw' if mark else 'blob'}/HEAD/{target})"
        return "" if mark else words

    alone = LINK.sub(moved, text)
    if address:
        alone = alone.replace("<the address of this repository>", address)
    return re.sub(r"\n{3,}", "\n\n", alone)
