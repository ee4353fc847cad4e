"""Templates compiled once in a process for all test deployments of one look, instead of once for each of them.

What a template compiles to depends on its text, the catalogue of its language and the addresses of the static files,
which are put in place as it is compiled; two deployments that share these share the compiled code. Nothing else of
theirs is in it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment

from authserver.web.pages import i18n, page
from authserver.web.pages.templates import build_environment

_COMPILED: dict[tuple[object, ...], Any] = {}


def install() -> None:
    """Let every environment of pages that is built from here on take compiled templates from the memory."""
    vars(page)["build_environment"] = _remembering(build_environment)


def _remembering(build: Callable[..., Environment]) -> Callable[..., Environment]:
    def built(folder: Path, values: Mapping[str, Any], language: str) -> Environment:
        environment = build(folder, values, language)
        look = (language, i18n.read_texts(language), frozenset(values["static_url"].__self__.items()))
        compile_anew = environment.compile

        def compile_once(source: str, *arguments: object) -> Any:  # noqa: ANN401 - code, as Jinja has it
            key = (look, source, *arguments)
            if key not in _COMPILED:
                _COMPILED[key] = compile_anew(source, *arguments)  # type: ignore[call-overload]
            return _COMPILED[key]

        vars(environment)["compile"] = compile_once
        return environment

    return built
