"""Set-up with nothing but a Python: the environment, and what runs in it.

    python scripts/bootstrap.py setup|report|test|lock [arguments, passed on]

``setup``   makes ``.venv`` from requirements.lock and installs the project into it
``report``  the same, then ``plumbline report``
``test``    the same, then all checks (scripts/check.py)
``lock``    the same, then solves pyproject.toml into requirements.lock anew

Each may be run at any time: what is already there is left alone, and what an interrupted run
left behind is made again. An environment that works is kept whatever Python this is started
with; `make clean`, or deleting ``.venv``, is the way to change its Python.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

# This file must be readable by any Python 3 that a machine has, to say that it is too old.

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = Path(__file__).resolve().parents[1]
SECONDS_TO_ANSWER = 30

PROBE = """
import sys
print("%d.%d.%d" % sys.version_info[:3])
print(getattr(sys, "_base_executable", None) or sys.executable)
try:
    import ensurepip, venv
    print("complete")
except ImportError:
    print("incomplete")
"""


class SetupError(Exception):
    """Set-up cannot go on; the text says why and what to do."""


class Python(NamedTuple):
    """An interpreter that ran and said what it is."""

    executable: str
    version: str


# --- finding a Python ---------------------------------------------------------------------------


def candidates() -> list[list[str]]:
    """List the commands that may start a Python, the running one first."""
    names = ["python3.13", "python3.12", "python3.11", "python3", "python"]
    commands = [[sys.executable]] if sys.executable else []
    commands += [[name] for name in names]
    if os.name == "nt":
        commands += [["py", "-3.13"], ["py", "-3.12"], ["py", "-3.11"]]
    return commands


def find_python(commands: list[list[str]]) -> Python:
    """Return the first candidate that runs, has a supported version and can make environments.

    Raises
    ------
    SetupError
        If none does; the text lists what was found and what is wrong with each.
    """
    found = []
    for command in commands:
        answer, fault = probe(command)
        if answer is not None:
            return answer
        found.append(f"  {' '.join(command)}: {fault}")
    raise SetupError(
        "Python 3.11, 3.12 or 3.13 is needed. Tried:\n"
        + "\n".join(found)
        + "\nInstall one of them, or name it: make setup PYTHON=/path/to/python3.12"
    )


def probe(command: list[str]) -> tuple[Python | None, str]:
    """Run a candidate and ask it for its version.

    A command may exist and still be no Python: pyenv's shims and the Windows store's stand-in
    fail only when they are run.
    """
    if shutil.which(command[0]) is None:
        return None, "not found"
    try:
        done = subprocess.run(
            [*command, "-c", PROBE],
            capture_output=True,
            text=True,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            timeout=SECONDS_TO_ANSWER,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"does not run ({error})"
    answer = done.stdout.split("\n")
    if done.returncode != 0 or len(answer) < 3:
        said = (done.stderr.strip().splitlines() or ["no message"])[0]
        return None, f"does not run ({said})"
    version, executable, complete = answer[:3]
    fault = judge(version, complete == "complete")
    return (None, fault) if fault else (Python(executable, version), "")


def judge(version: str, complete: bool) -> str:
    """Say what is wrong with a Python for our use; empty when nothing is."""
    minor = tuple(int(part) for part in version.split(".")[:2])
    if minor < OLDEST:
        return f"is {version}, too old"
    if minor > NEWEST:
        return f"is {version}, too new: the locked packages have no builds for it yet"
    if not complete:
        return (
            f"is {version} without venv and ensurepip"
            f" (on Debian and Ubuntu: apt install python{minor[0]}.{minor[1]}-venv)"
        )
    return ""


# --- making the environment ---------------------------------------------------------------------


def program(root: Path, name: str) -> Path:
    """Path of a command inside the environment."""
    if os.name == "nt":
        return root / ".venv" / "Scripts" / f"{name}.exe"
    return root / ".venv" / "bin" / name


def set_up(root: Path, commands: list[list[str]]) -> str:
    """Bring the environment up to date and say what was done.

    Parameters
    ----------
    root : Path
        The checkout.
    commands : list of list of str
        Candidates for the Python of a new environment, best first.

    Returns
    -------
    str
        One line for the user.
    """
    locked, project = root / ".venv" / "locked.stamp", root / ".venv" / "project.stamp"
    version = environment_version(root)
    done = []
    if version is None or read(locked) != lock_key(root, version):
        version = make_environment(root, find_python(commands))
        write(locked, lock_key(root, version))
        done.append("environment made")
    if read(project) != project_key(root) or not program(root, "plumbline").exists():
        install_project(root)
        write(project, project_key(root))
        done.append("project installed")
    return f".venv (Python {version}): {', '.join(done) or 'nothing to do'}"


def environment_version(root: Path) -> str | None:
    """Version of the environment's Python; None if there is none or it no longer runs."""
    python = program(root, "python")
    if not python.exists():
        return None
    answer, _ = probe([str(python)])
    return answer.version if answer else None


def lock_key(root: Path, version: str) -> str:
    """What an environment was made of; it holds absolute paths, hence the place counts too."""
    return f"{digest(root / 'requirements.lock')} {version} {root}"


def project_key(root: Path) -> str:
    """What the installed project's metadata were made of."""
    sources = ("pyproject.toml", "plumbline/version.py")
    return " ".join(digest(root / source) for source in sources)


def make_environment(root: Path, python: Python) -> str:
    """Make ``.venv`` from the lock alone and return its Python's version."""
    say(f"making .venv with Python {python.version}: one to three minutes, about 1.4 GB")
    discard(root / ".venv")
    run(root, [python.executable, "-m", "venv", str(root / ".venv")], "making .venv")
    run(
        root,
        [
            *pip(root),
            *("install", "--require-hashes", "--only-binary", ":all:", "-q"),
            *("-r", str(root / "requirements.lock")),
        ],
        "installing requirements.lock",
    )
    return python.version


def install_project(root: Path) -> None:
    """Install the checkout itself, editable, from nothing but what the lock brought."""
    run(
        root,
        [
            *pip(root),
            *("install", "-q", "--no-deps", "--no-build-isolation", "--no-index"),
            *("-e", str(root)),
        ],
        "installing the project",
    )


def discard(venv: Path) -> None:
    """Remove an environment, its stamp first, so that half of one never passes for whole."""
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    elif venv.exists():
        (venv / "locked.stamp").unlink(missing_ok=True)
        shutil.rmtree(str(venv))


def pip(root: Path) -> list[str]:
    """Return the start of a pip command in the environment."""
    return [
        str(program(root, "python")),
        *("-m", "pip", "--disable-pip-version-check", "--no-input"),
    ]


def run(root: Path, command: list[str], what: str) -> None:
    """Run a command silently; on failure raise with the end of what it said."""
    done = subprocess.run(
        command,
        cwd=str(root),
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        said = [line for line in lines if not line.startswith(("Looking in ", "[notice]"))]
        raise SetupError(f"{what} failed:\n  " + "\n  ".join(said[-15:]))


def clean_environment() -> dict[str, str]:
    """Return the environment without settings that would lead Python or pip out of ``.venv``."""
    misleading = {"PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
    return {name: value for name, value in os.environ.items() if name not in misleading}


def digest(path: Path) -> str:
    """SHA-256 of a file, line ends aside: a checkout on Windows is the same project."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def read(stamp: Path) -> str | None:
    """Return a stamp's text; None if there is none."""
    return stamp.read_text(encoding="utf-8") if stamp.exists() else None


def write(stamp: Path, text: str) -> None:
    """Write a stamp whole or not at all."""
    draft = stamp.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(stamp)


def say(text: str) -> None:
    """Tell the user what is going on."""
    print(f"plumbline: {text}", flush=True)


# --- what runs in it ----------------------------------------------------------------------------


def lock(root: Path, arguments: list[str]) -> None:
    """Solve pyproject.toml into requirements.lock, for all supported Pythons and no host."""
    run(
        root,
        [
            str(program(root, "uv")),
            *("pip", "compile", "-q", "--universal", "--generate-hashes"),
            *("--python-version", ".".join(str(part) for part in OLDEST)),
            *("--group", "dev", "pyproject.toml", "-o", "requirements.lock"),
            *("--no-annotate", "--no-header", "--no-emit-index-url", *arguments),
        ],
        "solving pyproject.toml",
    )
    if "://" in (root / "requirements.lock").read_text(encoding="utf-8"):
        raise SetupError("requirements.lock names a host: find the entry with `://` in it")
    say("requirements.lock written; the next set-up installs it")


def main(arguments: list[str]) -> int:
    """Run one step and return the exit status."""
    steps = ("setup", "report", "test", "lock")
    if not arguments or arguments[0] not in steps:
        print(__doc__, file=sys.stderr)
        return 2
    step, rest = arguments[0], arguments[1:]
    try:
        told = set_up(ROOT, candidates())
        if step == "setup":
            say(told)
        elif step == "report":
            return subprocess.call([str(program(ROOT, "plumbline")), "report", *rest])
        elif step == "test":
            checks = str(ROOT / "scripts" / "check.py")
            return subprocess.call([str(program(ROOT, "python")), checks, *rest])
        elif step == "lock":
            lock(ROOT, rest)
    except (SetupError, OSError) as error:
        print(f"plumbline: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("plumbline: interrupted; run it again to finish", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
