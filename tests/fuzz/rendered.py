"""Markdown as GitHub renders it, with everything that a client might have turned on."""

from __future__ import annotations

from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
ALONE = frozenset({"br", "hr", "img", "input"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[list[str]] = []
        self.shape: list[str] = []
        self._open: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        element = [tag, ""]
        self.elements.append(element)
        self.shape.append(tag)
        if tag not in ALONE:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        self.shape.append(f"/{tag}")
        if self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element[1] += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(["comment", data])
        self.shape.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.handle_comment(decl)

    def handle_pi(self, data: str) -> None:
        self.handle_comment(data)

    def unknown_decl(self, data: str) -> None:
        self.handle_comment(data)


def _read(markdown: str) -> _Reader:
    reader = _Reader()
    reader.feed(github_flavored_markdown_to_html(markdown, options=OPTIONS))
    reader.close()
    return reader


def shape(markdown: str) -> list[str]:
    """The elements, opened and closed, without their texts."""
    return _read(markdown).shape


def elements(markdown: str) -> list[tuple[str, str]]:
    """Each element with all the text inside it."""
    return [(name, text) for name, text in _read(markdown).elements]
