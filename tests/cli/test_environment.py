"""The commands where the machine, the user or the terminal is not what is usual.

Each gives the right result, or one sentence and the exit status 1.
"""

import ast
import errno
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import jax
import pytest

from data_prep.prepare import prepare_modelnet, prepare_procedural
from tests.helpers import ROOT, TINY_FLAGS, make_examples, write_packed
from tests.using import make_model, make_picture, make_workdir
from vaegan_jax.cli import demo
from vaegan_jax.data.inspection import draw
from vaegan_jax.errors import UserError, explain, missing_platform
from vaegan_jax.inference.export import export_model
from vaegan_jax.inference.loading import load
from vaegan_jax.inference.shape_files import check_writable
from vaegan_jax.runtime import cache

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


@pytest.fixture
def homeless(monkeypatch):
    for name in ("VAEGAN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(pathlib.Path, "home", home)


def test_the_home_is_not_asked_for_where_the_cache_is_named(homeless, monkeypatch):
    with pytest.raises(UserError, match="no home directory; set VAEGAN_CACHE to"):
        prepare_procedural()
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache.cache_directory() == pathlib.Path("/caches/vaegan_jax")
    monkeypatch.setenv("VAEGAN_CACHE", "/mine")
    assert cache.cache_directory() == pathlib.Path("/mine")


def test_a_cache_that_cannot_be_written_to_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("VAEGAN_CACHE", str(tmp_path / "file/cache"))
    message = r"cannot write to the cache, .*file/cache \(.*Not a dir.*; set VAEGAN"
    with pytest.raises(UserError, match=message):
        prepare_modelnet()


def test_compiled_programs_are_kept_where_that_is_possible(homeless, monkeypatch):
    """Training does without."""
    changes = []
    monkeypatch.setattr(
        type(jax.config), "jax_compilation_cache_dir", None, raising=False
    )
    monkeypatch.setattr(jax.config, "update", lambda *change: changes.append(change))
    with pytest.warns(UserWarning, match="every start compiles anew: .* no home"):
        cache.keep_compiled_programs()
    assert not changes


def test_results_that_cannot_be_written_are_refused_before(tmp_path):
    (tmp_path / "file").touch()
    check_writable(tmp_path / "new/folder")
    assert not (tmp_path / "new").exists()
    with pytest.raises(UserError, match=r"file/out; make .*, or choose another --here"):
        check_writable(tmp_path / "file/out", "--here")


def test_a_folder_is_writable_if_the_kernel_says_so(tmp_path, monkeypatch):
    """Asked for the real user, `os.access` forgets what a capability permits."""
    if os.access not in os.supports_effective_ids:
        pytest.skip("this system does not tell the two apart")
    monkeypatch.setattr(
        os, "access", access := lambda *_, effective_ids=False: effective_ids
    )
    monkeypatch.setattr(os, "supports_effective_ids", {access})
    check_writable(tmp_path)


def test_a_contact_sheet_may_go_elsewhere(tmp_path):
    write_packed(tmp_path / "data.npz", make_examples(1))
    with pytest.raises(UserError, match=r"a.png \(.*\); name another --picture"):
        draw(tmp_path / "data.npz", tmp_path / "data.npz/a.png")


def unnamed_encodings(source: str) -> list[int]:
    """The lines that read or write text in the encoding of whoever runs the program."""
    arguments = {"read_text": 0, "write_text": 1}  # before the encoding
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        # The parts of a zip are bytes.
        if {"encoding", "force_zip64"} & {keyword.arg for keyword in node.keywords}:
            continue
        values = [a.value for a in node.args if isinstance(a, ast.Constant)]
        text = {"r", "w", "a", "x", "r+", "w+", "a+", "x+"} & set(values)
        bare = isinstance(node.func, ast.Name) and len(node.args) == 1
        if len(node.args) == arguments.get(name) or (name == "open" and (text or bare)):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("folder", ["vaegan_jax", "data_prep", "scripts", "configs"])
def test_every_text_file_names_its_encoding(folder):
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not path.name.endswith("_test.py")
        for line in unnamed_encodings(path.read_text("utf-8"))
    ]
    assert not found


def test_unnamed_encodings_are_found():
    bad = 'p.read_text()\np.write_text("a")\nopen(p, "w")\np.open("a+")\nopen(p)\n'
    good = 'p.read_text("utf-8")\np.open("rb")\nopen(p, "w", encoding="utf-8")\n'
    assert unnamed_encodings(bad + good) == [1, 2, 3, 4, 5]


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
