"""Addresses that a malicious API may name, none of which may be asked. `{port}` is where a listener waits for them."""

from __future__ import annotations

from functools import cache

# All of them this computer, its network, or the one place from which a cloud gives out its keys.
HOSTS = (
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.8.9.10", "0", "0.0.0.0", "2130706433", "017700000001",
    "0x7f000001",
    "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "0177.0.0.01", "00000177.1", "127.0.0.0x1", "0X7F.0.0.1", "127.000.000.001",
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "foo.localhost",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]",
    "[0000:0000:0000:0000:0000:ffff:7f00:0001]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2001:0:7f00:1::]", "[fe80::1]",
    "[fe80::1%25lo]",
    "[fe80::1%lo]", "[fe80::a9fe:a9fe]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[100::1]",
    "[::ffff:0:0]",
    "[::ffff:a9fe:a9fe]", "[::ffff:10.0.0.1]", "[5f00::1]", "[2001:db8::1]", "[3fff::1]",
    "169.254.169.254", "0xa9fea9fe", "2852039166", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518",
    "169.16689662", "169.254.169.254.", "169.254.0.1", "100.100.100.200", "192.0.0.192", "192.0.0.8",
    "168.63.129.16", "168.63.129.16.internal",
    "10.0.0.1", "10.1", "167772161", "0xa000001", "012.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1",
    "3232235521", "100.64.0.1", "198.18.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "4294967295",
    "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "lo\u00adcalhost",
    "127.0.0.1%00.example", "127.0.0.1%2f.example", "%31%32%37.0.0.1", "%6cocalhost", "loc\u200balhost",
    "inside.example", "metadata.google.internal", "127.0.0.1.nip.io", "localtest.me", "six.example", "mixed.example",
    "mapped.example", "xn--inside.example", "ínside.example", "INSIDE.example", "inside.example.", "unknown.example",
)  # fmt: skip

NAMES = {
    "inside.example": ["10.0.0.1"],
    "INSIDE.example": ["10.0.0.1"],
    "inside.example.": ["10.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "127.0.0.1.nip.io": ["127.0.0.1"],
    "localtest.me": ["127.0.0.1"],
    "foo.localhost": ["127.0.0.1"],
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "localhost.localdomain": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "six.example": ["fd00::1"],
    "mixed.example": ["1.1.1.1", "127.0.0.1"],
    "mapped.example": ["::ffff:169.254.169.254"],
    "168.63.129.16.internal": ["168.63.129.16", "10.0.0.4"],
}
"""What the name service of the tests answers."""

# What one reader takes for the host and another for something else.
CONFUSED = (
    "https://rerender.example@127.0.0.1:{port}/a.png", "https://rerender.example:443@127.0.0.1:{port}/a.png",
    "https://user:pass@127.0.0.1:{port}/a.png", "https://rerender.example%40127.0.0.1:{port}/a.png",
    "https://127.0.0.1:{port}\\@pictures.example/a.png", "https://pictures.example\\@127.0.0.1:{port}/a.png",
    "https:\\\\127.0.0.1:{port}\\a.png", "https:/\\127.0.0.1:{port}/a.png", "https:///127.0.0.1:{port}/a.png",
    "https:127.0.0.1:{port}/a.png", "//127.0.0.1:{port}/a.png", "///127.0.0.1:{port}/a.png",
    "\\\\127.0.0.1:{port}\\a.png",
    "https://127.0.0.1:{port}#@pictures.example/a.png", "https://127.0.0.1:{port}?@pictures.example/a.png",
    "https://127.0.0.1:{port};@pictures.example/a.png", "https://[127.0.0.1]:{port}/a.png",
    "https://[::1:{port}/a.png",
    "https://::1:{port}/a.png", "https://[::1]x:{port}/a.png", "https://127.0.0.1:{port}:{port}/a.png",
    "https://127.0.0.1:0{port}/a.png", "https://127.0.0.1:99999/a.png", "https://127.0.0.1:-1/a.png",
    "https://127.0.0.1:x/a",
    "https://127.0.0.1:٤٤٣/a.png", "https://127.0.0.1 :{port}/a.png", " https://127.0.0.1:{port}/a.png",
    "ht\ntps://127.0.0.1:{port}/a.png", "https://127.0.0.1\n:{port}/a.png", "https://127.0.0.1\t:{port}/a.png",
    "https://127.0.0.1:{port}\r\nHost: pictures.example/a.png",
    "https://127.0.0.1:{port}/a.png\r\n\r\nGET /b HTTP/1.1",
    "https://\u202e1.0.0.721:{port}/a.png", "https://\x00127.0.0.1:{port}/a.png", "https://", "https://@",
    "https://:{port}/",
    "https://.:{port}/", "https://..:{port}/a.png", "https://" + "a" * 300 + ":{port}/",
    "https://" + "a." * 200 + "example/",
    "https://[v1.127]:{port}/a.png", "https://127.0.0.1:{port}%2f..%2f/a.png", "HTTPS://127.0.0.1:{port}/A.PNG",
    "https://\ud800:{port}/a.png", "https://127.0.0.1:{port}/\ud800", "https://%", "https://[", "https://]",
    "http://[::1",
)  # fmt: skip

SCHEMES = (
    "file:///etc/passwd", "file://localhost/etc/passwd", "file:/etc/passwd", "FILE:///etc/passwd",
    "file:\\\\c:\\windows\\win.ini",
    "ftp://127.0.0.1:{port}/a.png", "gopher://127.0.0.1:{port}/_GET%20/", "dict://127.0.0.1:{port}/info",
    "ldap://127.0.0.1:{port}/",
    "tftp://127.0.0.1:{port}/a", "sftp://127.0.0.1:{port}/a", "jar:https://127.0.0.1:{port}/a!/b",
    "netdoc:///etc/passwd",
    "javascript:alert(1)", "java\tscript:alert(1)", "vbscript:msgbox(1)", "blob:https://127.0.0.1:{port}/a",
    "about:blank",
    "view-source:https://127.0.0.1:{port}/", "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "ws://127.0.0.1:{port}/", "wss://127.0.0.1:{port}/", "mailto:a@b.example", "php://filter/resource=/etc/passwd",
    "expect://id", "phar://a.png", "chrome://settings", "\\\\127.0.0.1\\share\\a.png",
    "http://127.0.0.1:{port}/a.png", "http://localhost:{port}/a.png", "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/", "http://[fd00:ec2::254]/latest/",
    "http://pictures.example/a.png",
    "data:", "data:,", "data:image/png", "data:image/png;base64,", "data:image/png;base64,%%%",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload='alert(1)'/>", "data:image/svg+xml;base64,PHN2Zy8+",
    "data:image/png;base64,PHN2Zy8+",
    "data:;base64," + "A" * 400_000, "data:," + "%41" * 1_500_000, "DATA:image/gif;base64,R0lGODlhAQABAAAAACw=",
)  # fmt: skip


@cache
def urls() -> tuple[str, ...]:
    """All of them, each once."""
    plain = (f"https://{host}:{{port}}/a.png" for host in HOSTS)
    return tuple(dict.fromkeys((*plain, *CONFUSED, *SCHEMES)))


BASES = (
    "", " ", "rerender.example", "//rerender.example", "ftp://rerender.example", "file:///etc/passwd",
    "javascript:alert(1)",
    "https://", "https://?", "https://user@rerender.example", "https://user:pass@rerender.example",
    "https://rerender.example#a",
    "https://rerender.example?a=b", "https://rerender.example\\@127.0.0.1", "https://rerender.example\n",
    "https://rerender .example",
    "https://rérender.example", "https://\u202eelpmaxe.rerender", "https://[::1", "https://rerender.example:x",
    "https://:443",
    "https://rerender.example:99999", "https://\x00", "http\t://rerender.example", "data:,",
    "https:rerender.example", "https:/a",
)  # fmt: skip
"""What is no base URL."""
