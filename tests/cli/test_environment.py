"""The commands where the machine, the user or the terminal is not what is usual.

Each gives the right result, or one sentence and the exit status 1.
"""

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import jax
import pytest

from tests.helpers import ROOT, TINY_FLAGS, make_examples, write_packed
from tests.using import make_model, make_picture, make_workdir
from vaegan_jax.cli import demo
from vaegan_jax.errors import UserError, explain, missing_platform
from vaegan_jax.inference.export import export_model
from vaegan_jax.inference.loading import load

DUMMY = ROOT / "data_prep"
VOXELS = f"--voxels={DUMMY}/voxel_view_archive/dummy_data/voxels"
VIEWS = f"--views={DUMMY}/voxel_view_archive/dummy_data/views"
TINY = (*TINY_FLAGS, "--config.train.num_steps=1")
# In these, GIVEN and OUT stand for folders of the test.
PREPARE = "scripts/prepare_data.py"
MODEL, PACKED = "--workdir=GIVEN/run", "--packed=GIVEN/data.npz"
COMMANDS = {
    "train": (
        *("scripts/train.py", "--config=configs/mv_vae_gan.py:demo", *TINY),
        *("--config.data.dir=GIVEN/data.npz", "--workdir=OUT"),
    ),
    "sample": ("scripts/sample.py", MODEL, "--num_samples=1", "--output=OUT"),
    "reconstruct": (
        *("scripts/reconstruct.py", MODEL),
        *("--views=GIVEN/picture.png", "--output=OUT"),
    ),
    "interpolate": (
        *("scripts/interpolate.py", MODEL, "--steps=1", "--output=OUT"),
        *("--between=0", "--between=1"),
    ),
    "export": ("scripts/export.py", MODEL, "--output=OUT"),
    "run_exported": ("GIVEN/exported/run_exported.py",),
    "evaluate": (
        *("scripts/evaluate.py", MODEL, "--data_dir=GIVEN/data.npz"),
        *("--draws=1", "--sets=1", "--output=OUT"),
    ),
    "benchmark": (
        *("scripts/benchmark.py", "sampling", MODEL),
        *("--shapes=1", "--rounds=1", "--output=OUT"),
    ),
    "inspect": (PREPARE, "inspect", "--data_dir=GIVEN/data.npz", "--picture=OUT/a.png"),
    "archive": (PREPARE, "archive", VOXELS, VIEWS, "--output=OUT"),
    "meshes": (
        *(PREPARE, "meshes", f"--input={DUMMY}/mesh_folder/dummy_data"),
        *("--resolution=16", "--image_size=32", "--num_views=2", "--output=OUT"),
    ),
    "deform": (PREPARE, "deform", PACKED, "--copies=1", "--output=OUT/a.npz"),
    "teach": (PREPARE, "teach", PACKED, "--model=GIVEN/run", "--output=OUT/a.npz"),
}
NEED_DEVICE = sorted(COMMANDS.keys() - {"inspect", "archive", "meshes", "deform"})
# A user whom nobody knows; it may read everything, as it must where the interpreter is
# in another user's home, and write what everybody may.
NOBODY = (
    *("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
)
# Several at once: where all of them work together, each does.
UNUSUAL = {
    "unknown user, notebook, ASCII, one core": (
        *("taskset", "-c", "0", *NOBODY),
        *("env", "--unset=HOME", "--unset=USER", "--unset=LOGNAME"),
        "MPLBACKEND=module://matplotlib_inline.backend_inline",
        *("LC_ALL=C", "PYTHONUTF8=0", "PYTHONCOERCECLOCALE=0"),
        "PYTHONIOENCODING=ascii",
    ),
    "read-only home and checkout, cp932, no temporary folder": (
        *(*NOBODY, "env", "HOME=/", "TMPDIR=/nowhere"),
        "PYTHONIOENCODING=cp932",
    ),
    "no network, full temporary folder": (
        *("unshare", "--net", "--mount", "sh", "-c"),
        'mount -t tmpfs -o size=4k tmpfs /mnt && echo > /mnt/f && TMPDIR=/mnt "$@"',
        "sh",
    ),
}


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A model, an export of it, a data set and a picture."""
    folder = tmp_path_factory.mktemp("given")
    make_workdir(folder / "run", "mv_vae_gan")
    export_model(load(folder / "run"), folder / "exported")
    make_picture(folder / "picture.png")
    splits = ("train", "validation", "test")
    write_packed(folder / "data.npz", make_examples(6, num_views=12), splits)
    return folder


def run(name, given, output, prefix=(), **environment):
    """Runs a command, which writes to a folder that everybody may write to."""
    output.mkdir(exist_ok=True)
    output.chmod(0o777)
    for folder in output.parents[:3]:  # pytest's are for nobody else
        folder.chmod(folder.stat().st_mode | 0o011)
    places = {"GIVEN": str(given), "OUT": str(output)}
    arguments = COMMANDS[name]
    for place, path in places.items():
        arguments = [argument.replace(place, path) for argument in arguments]
    return subprocess.run(
        [*prefix, sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        errors="replace",
    )


def available(prefix) -> bool:
    """Whether what changes the environment is there and permitted."""
    if not shutil.which(prefix[0]):
        return False
    return not subprocess.run([*prefix, "true"], capture_output=True).returncode


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("unusual", UNUSUAL)
def test_every_command_works(unusual, name, given, tmp_path):
    prefix = UNUSUAL[unusual]
    if not available(prefix):
        pytest.skip(f"{prefix[0]} is not there, or not permitted")
    made = run(name, given, tmp_path / "out", prefix)
    assert made.returncode == 0, made.stderr


def test_a_user_without_a_name_in_a_notebook_without_its_backend(given, tmp_path):
    """Where ³ cannot be printed either; in files it can."""
    unusual = next(iter(UNUSUAL.values()))
    # Where the user cannot be changed, the rest.
    prefix = unusual if available(unusual) else unusual[unusual.index("env") :]
    made = run("benchmark", given, tmp_path / "out", prefix)
    assert made.returncode == 0, made.stderr
    assert r"grids of 8\xb3" in made.stdout
    assert "grids of 8³" in (tmp_path / "out/sampling.md").read_text("utf-8")


def check_missing_platform(made):
    assert made.returncode == 1
    assert made.stderr.startswith("error: JAX cannot start 'cuda', which JAX_PLATFORMS")
    assert made.stderr.count("\n") == 1


NO_GPU = pytest.mark.skipif(jax.default_backend() == "gpu", reason="there is a GPU")


@NO_GPU
@pytest.mark.parametrize("name", ["sample", "run_exported"])
def test_a_platform_that_is_missing_is_named(name, given, tmp_path):
    check_missing_platform(run(name, given, tmp_path / "out", JAX_PLATFORMS="cuda"))


@NO_GPU
@pytest.mark.slow
@pytest.mark.parametrize("name", NEED_DEVICE)
def test_every_command_names_a_missing_platform(name, given, tmp_path):
    check_missing_platform(run(name, given, tmp_path / "out", JAX_PLATFORMS="cuda"))


def test_bugs_are_not_taken_for_a_missing_platform(monkeypatch):
    assert missing_platform() is None and explain(TypeError("bug")) is None

    def fail():
        raise RuntimeError("no such thing (set JAX_PLATFORMS='' to …)")

    monkeypatch.setattr(jax, "devices", fail)
    assert explain(TypeError("bug")) is None  # none was asked for
    monkeypatch.setattr(type(jax.config), "jax_platforms", "cudaa", raising=False)
    told = missing_platform("--backend")
    assert told.startswith(
        "JAX cannot start 'cudaa', which --backend asks for (no such"
    )
    assert "(set " not in told and explain(TypeError("")).startswith("JAX cannot start")


def test_errors_of_the_system_come_without_numbers():
    assert explain(OSError(errno.ENOSPC, "No space left")) == "No space left"
    assert explain(OSError(errno.ENOSPC, "No space left", "a")) == "a: No space left"
    assert explain(OSError("of a library")) == "of a library"


@pytest.mark.slow
@pytest.mark.parametrize("unusual", UNUSUAL)
def test_the_demo_starts_and_ends(unusual, given, tmp_path):
    pytest.importorskip("gradio", reason="the extra `demo` is not installed")
    prefix = UNUSUAL[unusual]
    if not available(prefix):
        pytest.skip(f"{prefix[0]} is not there, or not permitted")
    if "--net" in prefix:
        prefix = [part for part in prefix if part != "--net"]  # it could not be asked
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ("scripts/demo.py", f"--workdir={given / 'run'}", f"--port={port}")
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        demo = subprocess.Popen(
            [*prefix, sys.executable, *arguments], cwd=ROOT, stdout=log, stderr=log
        )
        try:
            answered = answers(f"http://127.0.0.1:{port}", demo)
        finally:
            demo.terminate()
            demo.wait(30)
    text = (tmp_path / "log").read_text("utf-8", errors="replace")
    assert answered, text


@pytest.mark.parametrize("missing", ["gradio", "gradio.themes", "numpy.none"])
def test_the_demo_asks_for_its_extra_only_if_that_is_missing(monkeypatch, missing):
    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "vaegan_jax.demo.app":
                raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "vaegan_jax.demo.app", raising=False)
    monkeypatch.delattr("vaegan_jax.demo.app", raising=False)
    extra = missing.startswith("gradio")
    expected = UserError if extra else ModuleNotFoundError
    with pytest.raises(expected, match=r"pip install -e" if extra else "numpy.none"):
        demo.main()


def test_the_demo_names_a_place_that_it_cannot_have():
    app = pytest.importorskip("vaegan_jax.demo.app", reason="no extra `demo`")
    model = make_model("gan")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {port} \(Addr.*another --host or"):
            app.launch(model, "127.0.0.1", port)
    with pytest.raises(UserError, match=r"at nowhere\.invalid, port 7000 \("):
        app.launch(model, "nowhere.invalid", 7000)


def answers(address, server) -> bool:
    """Waits until a server answers or has ended."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return True
        except OSError:
            time.sleep(0.5)
    return False
