"""Where the files lie that are no Python: templates and migrations."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def find_assets(name: str) -> Path:
    """Return the folder `templates` or `migrations`: inside an installed package, or at the top of the source tree."""
    installed = _PACKAGE / "_assets" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
