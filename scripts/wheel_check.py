"""Build the wheel, look into it, install it elsewhere and run it there.

    python -m scripts.wheel_check

The wheel is built from a copy of what git knows or would add: a ``build/`` left by an earlier
build would put its deleted files into the new wheel. It is installed without its dependencies
into an empty environment that borrows those of the running one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from scripts.layers import LAYERS

ROOT = Path(__file__).resolve().parents[1]

# Arguments, and a word that only a wheel with its code and its packaged files can print.
SMOKE = (
    (("--version",), "plumbline "),
    (("--help",), "backtest"),
    (("signals", "list"), "net_liquidity"),
    (("strategies", "list"), "essay_playbook"),
)


class WheelError(Exception):
    """The wheel is not what it should be."""


def sources(root: Path) -> list[PurePosixPath]:
    """List the files that git tracks or would add, as they are now."""
    # A checkout that belongs to another user is common in containers; reading it is harmless.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    names = run(command, root).split("\0")
    return [PurePosixPath(name) for name in names if name and (root / name).is_file()]


def copy(files: list[PurePosixPath], root: Path, to: Path) -> None:
    """Copy the listed files of a checkout."""
    for file in files:
        target = to / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / file, target)


def expected(files: list[PurePosixPath]) -> set[str]:
    """Return what the wheel must hold: the modules of our packages and the files beside them."""
    packages = {file.parent for file in files if file.name == "__init__.py"}
    ours = {PurePosixPath(place.partition(".")[0]) for row in LAYERS for place in row}
    return {
        str(file)
        for file in files
        if ours & set(file.parents) and (file.suffix != ".py" or file.parent in packages)
    }


def compare(wheel: Path, wanted: set[str]) -> None:
    """Raise unless the wheel holds the wanted files and its own metadata, nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    held = {name for name in names if ".dist-info/" not in name}
    faults = [f"missing in the wheel: {name}" for name in sorted(wanted - held)]
    faults += [f"must not be in the wheel: {name}" for name in sorted(held - wanted)]
    if faults:
        raise WheelError("\n".join(faults))


def install(wheel: Path, environment: Path) -> Path:
    """Install the wheel into a new environment and return its folder of programs."""
    run([sys.executable, "-m", "venv", "--without-pip", str(environment)], environment.parent)
    windows = os.name == "nt"
    programs = environment / ("Scripts" if windows else "bin")
    python = programs / ("python.exe" if windows else "python")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    run([*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)], environment.parent)
    # Only now: with the borrowed packages in sight pip would find the project installed already.
    # A .pth file inside the borrowed folder, such as an editable install's, is not read.
    where = run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        environment.parent,
    ).strip()
    (Path(where) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs


def try_out(programs: Path, packages: list[str], empty: Path) -> None:
    """Raise unless the packages come from the wheel and its commands work, in an empty folder."""
    script = "\n".join(f"import {name}; print({name}.__file__)" for name in packages)
    python = programs / ("python.exe" if os.name == "nt" else "python")
    inside = str(programs.parent)
    for place in run([str(python), "-c", script], empty).splitlines():
        if not place.startswith(inside):
            raise WheelError(f"{place} is imported instead of the wheel's own package")
    for arguments, word in SMOKE:
        said = run([str(programs / "plumbline"), *arguments], empty)
        if word not in said:
            raise WheelError(f"plumbline {' '.join(arguments)} does not show {word!r}:\n{said}")


def run(command: list[str], cwd: Path) -> str:
    """Run a command and return what it printed; raise with all it said if it fails."""
    misleading = {"PYTHONHOME", "PYTHONPATH", "PLUMBLINE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in misleading}
    environment["PLUMBLINE_HOME"] = str(cwd / "home")
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise WheelError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def main() -> int:
    """Check the wheel and return the exit status."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name).resolve()
        source, wheels, empty = place / "source", place / "wheels", place / "empty"
        empty.mkdir()
        try:
            files = sources(ROOT)
            copy(files, ROOT, source)
            build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
            run([*build, "--outdir", str(wheels), str(source)], place)
            (wheel,) = wheels.glob("*.whl")
            wanted = expected(files)
            compare(wheel, wanted)
            packages = sorted({PurePosixPath(file).parts[0] for file in wanted})
            try_out(install(wheel, place / "environment"), packages, empty)
        except WheelError as error:
            print(error)
            return 1
    print(f"{len(wanted)} files in the wheel, {len(SMOKE)} commands tried")
    return 0


if __name__ == "__main__":
    sys.exit(main())
