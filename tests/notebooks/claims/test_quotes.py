"""Each claim quotes a sentence that stands on its page."""

import pytest

from tools import claims

FILES = {path.stem.removeprefix("test_"): path for path in (claims.ROOT / claims.CLAIMS).glob("test_*.py")}
del FILES["quotes"]


def text_of(stem):
    """All that a page says, its exercise and its answers included."""
    return "\n".join(page.text for source in claims.sources_of(stem) for page in claims.pages(source))


def test_every_claims_file_belongs_to_a_page():
    assert FILES.keys() <= set(claims.stems())


@pytest.mark.parametrize("stem", sorted(FILES))
def test_each_test_quotes_what_stands_on_the_page(stem):
    found = claims.claims(FILES[stem])
    assert [name for name, quotes in found.items() if not quotes] == []
    text = text_of(stem)
    assert [(name, quote) for name, quotes in found.items() for quote in quotes if quote not in text] == []
    assert [quote for quotes in found.values() for quote in quotes if len(quote.split()) < 3] == []
