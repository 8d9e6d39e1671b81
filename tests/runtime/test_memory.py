import resource

import pytest

from vaegan_jax.runtime import memory

_GROUPS = {
    "v2": ("0::/job/step\n", "", ("memory.max", "memory.current", "inactive_file")),
    "v1": (
        "5:cpu:/job\n4:memory:/job/step\n0::/\n",
        "memory",
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ),
}


@pytest.mark.parametrize("version", _GROUPS)
def test_the_limit_of_a_group_above_counts(tmp_path, monkeypatch, version):
    groups, kind, (limit, usage, cached) = _GROUPS[version]
    (tmp_path / "cgroup").write_text(groups)
    job = tmp_path / kind / "job"
    (job / "step").mkdir(parents=True)
    for folder, most in ((job, "9000"), (job / "step", "max")):
        (folder / limit).write_text(f"{most}\n")
        (folder / usage).write_text("5000\n")
        (folder / "memory.stat").write_text(f"anon 4000\n{cached} 700\n")
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "_GROUPS_OF_THIS", tmp_path / "cgroup")
    assert memory.free_memory() == 9000 - 5000 + 700


def test_a_machine_tells_something():
    physical = memory.os.sysconf("SC_PAGE_SIZE") * memory.os.sysconf("SC_PHYS_PAGES")
    assert 0 < memory.free_memory() <= physical


@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_what_the_process_may_still_take_counts(tmp_path, monkeypatch, kind):
    limits = {getattr(resource, kind): (9 * 1024, 10 * 1024)}
    unlimited = (resource.RLIM_INFINITY,) * 2
    monkeypatch.setattr(resource, "getrlimit", lambda kind: limits.get(kind, unlimited))
    (tmp_path / "status").write_text("VmSize:\t 5 kB\nVmData:\t 2 kB\n")
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    taken = {"RLIMIT_AS": 5, "RLIMIT_DATA": 2}[kind]
    assert memory.free_memory() == (9 - taken) * 1024


def test_sizes_in_words():
    assert memory.readable(4_915_200_000) == "4.9 GB"
    assert memory.readable(1_250_000) == "1.2 MB"
