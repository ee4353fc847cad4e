"""No tracked file tells where it was written: no path of a machine, no host of a package registry.

The patterns are written so that they do not match themselves.
"""

import re
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_LEAKS = {
    "a path of the machine it was written on": re.compile(
        r"(?<![\w.~-])/(?:wor[k]|roo[t]|opt/whee[l]s|tmp/(?:wor[k]|desig[n])|(?:hom[e]|User[s])/[a-z][\w-]*)/"
        r"|(?<![\w.])/(?:wor[k]/(?:mai[n]|share[d])|opt/whee[l]s)\b"
    ),
    "the host of a package registry": re.compile(
        r"(?:pyp[i]|npm[j]s|yarnpk[g]|crate[s]|mave[n]|pythonhoste[d])\.(?:org|com|io)\b"
        r"|(?:de[b]|securit[y])\.debian\.org|prox[y]\.golang\.org|regist[r]y\.[a-z]+\.[a-z]{2,}",
        re.IGNORECASE,
    ),
    "how the work is organised": re.compile(r"\.\./share[d]/|\bDESIG[N]\.md\b|\bissue[s] show\b"),
}
_SAMPLES = [
    ("a path of the machine it was written on", "see " + "/wor" + "k/main/authserver"),
    ("a path of the machine it was written on", "--find-links " + "/opt/whee" + "ls"),
    ("a path of the machine it was written on", '"' + "/hom" + 'e/alice/src"'),
    ("a path of the machine it was written on", "/tm" + "p/wor" + "k/v/bin"),
    ("the host of a package registry", "--index-url https://pyp" + "i.org/simple"),
    ("the host of a package registry", '"resolved": "https://registry.npm' + 'js.org/jose"'),
    ("the host of a package registry", "files.pythonhoste" + "d.org"),
    ("how the work is organised", "as ../share" + "d/notes says"),
]
_CLEAN = ["/home", "GET /account/homepage", "https://github.com/openid", "/var/lib/authserver/", "root /srv/www/;"]


def _tracked_files() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout
    return [_ROOT / name for name in listing.split("\0") if name and (_ROOT / name).is_file()]


def _leaks(text: str) -> list[str]:
    return [what for what, pattern in _LEAKS.items() if pattern.search(text)]


@pytest.mark.parametrize(("what", "text"), _SAMPLES)
def test_a_leak_is_caught(what: str, text: str) -> None:
    assert what in _leaks(text)


@pytest.mark.parametrize("text", _CLEAN)
def test_an_honest_line_is_left_alone(text: str) -> None:
    assert not _leaks(text)


def test_no_tracked_file_leaks() -> None:
    found = []
    for path in _tracked_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a picture or a font
        for number, line in enumerate(lines, start=1):
            found += [f"{path.relative_to(_ROOT)}:{number} shows {what}" for what in _leaks(line)]
    assert not found, "\n".join(found)
