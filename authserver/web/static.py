"""Our own stylesheet and images, under names that hold their content's hash so that browsers keep them for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from authserver.web.machine import MachineResponse

PREFIX = "/static/"
_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_KEEP = (("Cache-Control", "public, max-age=31536000, immutable"), ("Cross-Origin-Resource-Policy", "same-origin"))
_NOT_FOUND = MachineResponse(404, (("Content-Type", "text/plain; charset=utf-8"),), b"There is no such file.\n")


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """The files, read once: `urls` by plain name, `answers` by hashed name."""

    urls: Mapping[str, str]
    answers: Mapping[str, MachineResponse]

    def answer(self, hashed_name: str) -> MachineResponse:
        """Return a file, or 404 for a name that is not one of ours; nothing is looked up on disk."""
        return self.answers.get(hashed_name, _NOT_FOUND)


def read_static_files(folder: Path) -> StaticFiles:
    """Read every file of a folder whose kind we serve."""
    urls, answers = {}, {}
    for path in sorted(folder.iterdir()):
        if path.suffix in _CONTENT_TYPES:
            body = path.read_bytes()
            hashed_name = f"{path.stem}.{sha256(body).hexdigest()[:16]}{path.suffix}"
            urls[path.name] = PREFIX + hashed_name
            answers[hashed_name] = MachineResponse(200, (("Content-Type", _CONTENT_TYPES[path.suffix]), *_KEEP), body)
    return StaticFiles(urls, answers)
