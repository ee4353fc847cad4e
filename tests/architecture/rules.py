"""What the import contracts cannot hold, as functions from a parsed module to the lines that break a rule.

Each rule takes the module's path below `authserver/` and its syntax tree. `test_vocabulary` runs them over the tree,
and first over samples that must fail.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

Rule = Callable[[PurePosixPath, ast.Module], Iterator[str]]

_CLOCK_READS = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "func": {"now", "current_timestamp", "localtimestamp", "current_time", "current_date"},
    "uuid": {"uuid1", "uuid6", "uuid7"},
}
_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}
_SECRET_NAME = re.compile(r"(?:^|_)(?:hash|secret|verifier)$")
_KEY_LOADERS = {
    "load_der_public_key", "load_pem_public_key", "load_ssh_public_key", "from_public_bytes", "from_encoded_point",
    "EllipticCurvePublicNumbers", "RSAPublicNumbers", "decode_credential_public_key",
    "decoded_public_key_to_cryptography", "verify_signature", "import_key", "import_key_set", "public_key_from_jwk",
}  # fmt: skip
_WRITING = {"transaction", "single"}
_MIGRATES = {PurePosixPath("cli/db.py"), PurePosixPath("cli/init.py")}
_JUDGES_DATES = {PurePosixPath("clock.py"), PurePosixPath("keys/rotation.py")}
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_KEPT_MOMENT = re.compile(r"_until$|(?:^|(?<!expires)(?<!ends)(?<!due)_)at$")
_EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers"}
_CLAUSE = re.compile(r"[A-Z][A-Za-z0-9]*(?:-[A-Z0-9][A-Za-z0-9]*)*-[0-9A-Z][0-9A-Za-z.]*(?:-[0-9][0-9.]*)?")
_LINES_IN_A_FILE = 300
_LINES_IN_A_FUNCTION = 50
_ARGUMENTS = 6


def _name(node: ast.expr) -> str:
    """Return the last word of a name, an attribute, or an item looked up by a fixed key."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ""


def _imported(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def forms_are_answered_in_one_place(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """Only `form_page` mounts what answers a form: whoever mounts it elsewhere can forget to check its token."""
    if path.as_posix() == "web/pages/form_page.py" or path.parts[0] == "sandbox":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            takes_methods = node.func.attr in {"route", "add_url_rule"} and "blueprint" in _name(node.func.value)
            posts = node.func.attr in {"post", "put", "patch", "delete"} and "blueprint" in _name(node.func.value)
            if takes_methods or posts:
                yield f"line {node.lineno}: blueprint.{node.func.attr}"


def profiles_are_asked_for_fields(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """Nobody outside `profiles/` decides by a profile's name."""
    if path.parts[0] == "profiles":
        return
    for node in ast.walk(tree):
        deciding: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            deciding = [node.left, *node.comparators]
        elif isinstance(node, ast.Match):
            deciding = [node.subject]
        for side in deciding:
            if isinstance(side, ast.Attribute) and side.attr == "name" and _name(side.value).endswith("profile"):
                yield f"{path}:{side.lineno} decides by a profile's name"


def only_the_clock_reads_the_time(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """Time is an argument; monotonic clocks, which only measure how long something took, are free to use."""
    if path == PurePosixPath("clock.py"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _CLOCK_READS.get(_name(node.value), ()):
            yield f"{path}:{node.lineno} reads the clock"
        elif isinstance(node, ast.ImportFrom) and _imported(node) & _CLOCK_READS.get(node.module or "", set()):
            yield f"{path}:{node.lineno} imports a clock"


def ages_are_bounded_on_both_sides(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """How old something is, is asked of `clock.is_fresh`: a clock that was ahead and is set right makes nothing young.

    When a thing expires, or a key is due, is a date and no age. An age by `monotonic()` needs no second bound.
    """
    if path in _JUDGES_DATES or path.parts[0] == "sandbox":
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or len(node.ops) > 1 or not isinstance(node.ops[0], _ORDERS):
            continue
        parts = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
        if any(_is_wall_clock(part) for part in parts) and any(_is_kept_moment(part) for part in parts):
            yield f"{path}:{node.lineno} judges an age with one bound"


def _is_wall_clock(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _name(node.func).endswith("clock")
    return isinstance(node, ast.Name | ast.Attribute) and _name(node) == "now"


def _is_kept_moment(node: ast.AST) -> bool:
    """Tell whether it is a moment that was noted, by its name or by being an unnamed part of what is kept."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int) and _is_plain(node.value)
    return isinstance(node, ast.Name | ast.Attribute) and _KEPT_MOMENT.search(_name(node)) is not None


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute)


def only_settings_reads_the_environment(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """The environment is read once, in `settings`."""
    if path.parts[0] in {"settings", "settings.py"}:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _ENVIRONMENT and _name(node.value) == "os":
            yield f"{path}:{node.lineno} reads the environment"
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and _imported(node) & _ENVIRONMENT:
            yield f"{path}:{node.lineno} imports the environment"


def secrets_are_compared_in_constant_time(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """What is named as a hash, a secret or a verifier meets `hmac.compare_digest`, never `==`.

    A column (`table.c.code_hash == ...`) is SQL, which the database compares.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        for side in (node.left, *node.comparators):
            column = isinstance(side, ast.Attribute) and _name(side.value) == "c"
            if _SECRET_NAME.search(_name(side)) and not column:
                yield f"{path}:{node.lineno} compares {_name(side)} with an operator"


def only_keys_takes_in_public_keys(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """A public key is made from what somebody sent in `keys` alone, where one judgement tells if it is worth anything.

    The demo's third party and its authenticator are other people's software, and make keys of their own.
    """
    if path.parts[0] in {"keys", "sandbox"}:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _imported(node) & _KEY_LOADERS:
            yield f"{path}:{node.lineno} imports what takes in a public key"
        elif isinstance(node, ast.Attribute | ast.Name) and _name(node) in _KEY_LOADERS:
            yield f"{path}:{node.lineno} takes in a public key by {_name(node)}"


def commands_change_nothing_themselves(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """A command that changes the database has it done by an act; what migrations change, no act can be recorded in."""
    if path.parts[0] != "cli":
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in _WRITING or (node.func.attr == "upgrade" and path not in _MIGRATES):
            yield f"{path}:{node.lineno} changes the database by {node.func.attr}()"


def modules_are_named_for_what_they_own(path: PurePosixPath, _tree: ast.Module) -> Iterator[str]:
    """No module or package has a name that could hold anything."""
    for part in (*path.parts[:-1], path.stem):
        if part.strip("_") in _EMPTY_NAMES:
            yield f"{path} is named {part}"


def refusals_carry_their_clause(refusals: frozenset[str]) -> Rule:
    """Build the rule that every refusal of these classes names the requirement that was not met."""

    def rule(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or _name(node.func) not in refusals:
                continue
            clauses = [keyword.value for keyword in node.keywords if keyword.arg == "clause"]
            if not clauses:
                yield f"{path}:{node.lineno} refuses without a clause"
            elif isinstance(clauses[0], ast.Constant) and not _CLAUSE.fullmatch(str(clauses[0].value)):
                yield f"{path}:{node.lineno} refuses with a clause that is no requirement id"

    return rule


def the_public_is_described(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """Every module, public class, public function and public method opens with a docstring."""
    if ast.get_docstring(tree) is None:
        yield f"{path} has no docstring"

    def walk(body: list[ast.stmt]) -> Iterator[str]:
        for node in body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if ast.get_docstring(node) is None and not _stands_in(node):
                yield f"{path}:{node.lineno} {node.name} has no docstring"
            if isinstance(node, ast.ClassDef):
                yield from walk(node.body)

    yield from walk(tree.body)


def _stands_in(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Tell whether the description stands elsewhere: an overload, an override, a property's setter."""
    return any(_name(decorator) in {"overload", "override", "setter"} for decorator in node.decorator_list)


def packages_open_with_words_alone(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """A package's `__init__` says what it owns and imports nothing, so that importing one module loads that one."""
    if path.name == "__init__.py":
        yield from (f"{path}:{node.lineno} holds more than its docstring" for node in tree.body[1:])


def nothing_is_too_long(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    """Functions stop at 50 lines and 6 arguments."""
    for node in _functions(tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > _LINES_IN_A_FUNCTION:
            yield f"{path}:{node.lineno} {node.name} has {lines} lines"
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        named = [argument for argument in arguments if argument.arg not in {"self", "cls"}]
        if len(named) > _ARGUMENTS:
            yield f"{path}:{node.lineno} {node.name} has {len(named)} arguments"


def files_stop_at_300_lines(path: PurePosixPath, source: str) -> Iterator[str]:
    """Files stop at 300 lines."""
    lines = len(source.splitlines())
    if lines > _LINES_IN_A_FILE:
        yield f"{path} has {lines} lines"
