"""Hostile text, and every place of a call where text may stand."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.mutations import Json, places

MARK = "zq"  # stands in every piece, so that what becomes of it can be told from our own words
PIECES = (
    *("[zq](http://evil.example)", "![zq](https://evil.example/x.png)", "[zq][r]", "\n\n[r]: http://evil.example\n\n"),
    *("<zq>", "<b>zq</b>", "<script>zq</script>", "<img src=zq onerror=zq>", "<!-- zq -->", "<?zq?>", "<![CDATA[zq]]>"),
    *("<http://zq.example>", "<zq@evil.example>", "http://zq.example", "HTTPS://zq.example", "ftp://zq.example"),
    *("www.zq.example", "WWW.zq.example", "w\u200bww.zq.example", "zq@evil.example", "mailto:zq@b.c", "xmpp:zq@b.c/d"),
    *(
        "javascript:zq",
        "&lt;zq&gt;",
        "&#x3c;zq&#x3e;",
        "&#60;zq>",
        "&zwj;zq",
        "\\",
        "\\\\",
        "\\zq",
        "\\\n",
        "|",
        "| zq | zq |",
    ),
    *(
        "\n| zq | b |\n|---|---|\n| 1 | 2 |\n",
        "\n",
        "\r\n",
        "\n\n",
        "\u2028",
        "\u2029",
        "\x85",
        "\x0b",
        "\x0c",
        "\x1c",
        "\t",
    ),
    *(
        "`",
        "```",
        "`zq`",
        "\n```\nzq\n```\n",
        "~~~",
        "\n~~~\nzq\n",
        "~zq~",
        "~~zq~~",
        "*zq*",
        "**zq**",
        "_zq_",
        "__zq__",
    ),
    *(
        "# zq",
        "\n# zq\n",
        "\nzq\n===\n",
        "\nzq\n---\n",
        "- zq",
        "\n- zq\n",
        "1. zq",
        "\n1. zq\n",
        "1) zq",
        "+ zq",
        "* zq",
    ),
    *(
        "- [ ] zq",
        "- [x] zq",
        "> zq",
        "\n> zq\n",
        "---",
        "\n***\n",
        "    zq",
        "\n\n    zq\n",
        "[^1]",
        "\n[^1]: zq\n",
        "^[zq]",
    ),
    *(
        "\u202ezq\u202c",
        "\u2066zq\u2069",
        "\u200fzq",
        "\u061czq",
        "\u200bzq",
        "\ufeffzq",
        "\xadzq",
        "\U000e0041zq",
        "\x00zq",
        "\x1b[31mzq",
        "\x9bzq",
    ),
    *(
        "{tsb}",
        "{}",
        "{0}",
        "%s",
        "{zq}",
        "$zq$",
        ":zq:",
        "#1",
        "@zq",
        "zq" * 70,
        "é",
        "١. zq",
        "\U0001f469\u200d\U0001f37c",
    ),
)
HOSTILE = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join),
    st.tuples(st.sampled_from(PIECES), st.text(max_size=8), st.sampled_from(PIECES)).map("".join),
)


def texts(call: Json) -> list[tuple[Any, Any]]:
    """(container, key) of every text that is the record's own. What names the call and the patient stays."""
    asked = (call["prefetch"], call["context"].get("draftOrders", {}))
    return [(at, key) for whole in asked for at, key in places(whole) if isinstance(at[key], str)]
