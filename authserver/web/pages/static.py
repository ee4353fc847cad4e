"""Our own stylesheet and images, under names that hold their content's hash so that browsers keep them for good."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from authserver.values import Value
from authserver.web.machine.model import MachineResponse
from authserver.web.pages.brand import Brand

PREFIX = "/static/"
_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_KEEP = (("Cache-Control", "public, max-age=31536000, immutable"), ("Cross-Origin-Resource-Policy", "same-origin"))
_NOT_FOUND = MachineResponse(404, (("Content-Type", "text/plain; charset=utf-8"),), b"There is no such file.\n")


class StaticFiles(Value, frozen=True):
    """The files, read once: `urls` by plain name, `answers` by hashed name."""

    urls: Mapping[str, str]
    answers: Mapping[str, MachineResponse]

    def answer(self, hashed_name: str) -> MachineResponse:
        """Return a file, or 404 for a name that is not one of ours; nothing is looked up on disk."""
        return self.answers.get(hashed_name, _NOT_FOUND)


def read_static_files(folder: Path, brand: Brand | None = None) -> StaticFiles:
    """Read every file of a folder whose kind we serve, in a deployment's looks; `logo` is its logo, or the mark."""
    looks = brand or Brand()
    urls, answers = {}, {}
    for name, content_type, body in _files(folder, looks):
        stem, _, suffix = name.rpartition(".")
        hashed_name = f"{stem}.{sha256(body).hexdigest()[:16]}.{suffix}"
        urls[name] = PREFIX + hashed_name
        answers[hashed_name] = MachineResponse(200, (("Content-Type", content_type), *_KEEP), body)
    urls["logo"] = urls[f"logo.{looks.logo.suffix}" if looks.logo else "mark.svg"]
    return StaticFiles(urls, answers)


def _files(folder: Path, looks: Brand) -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, the content type and the octets of each file."""
    for path in sorted(folder.iterdir()):
        if path.suffix in _CONTENT_TYPES:
            yield path.name, _CONTENT_TYPES[path.suffix], looks.paint(path.name, path.read_bytes())
    if looks.logo:
        yield f"logo.{looks.logo.suffix}", looks.logo.content_type, looks.logo.body
