"""Lines of tables, by hand, from what evaluations write."""

import json

import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.reproduction import record
from vaegan_jax.reproduction.rows import ROWS

MEASURES = ("average_precision", "f_score", "iou", "squared_error", "chamfer_distance")


def line(prediction, views, threshold, *values):
    mean = dict(zip(MEASURES, map(float, values), strict=True))
    return dict(prediction=prediction, views=views, threshold=threshold, mean=mean)


def sets(cov):
    names = ("mmd_cd", "kernel_distance", "components", "nearest_training_iou")
    share = {"cov_cd": cov, "1nna_cd": [0.6, 0.6]}
    return {name: [0.004, 0.004] for name in names} | share


def write(folder, error, step):
    folder.mkdir()
    numbers = {
        "about": {"step": step},
        "reconstruction": [
            line("model", 1, 0.4, 0.5, 0.6, 0.3, 2 * error, 0.002),
            line("model", 12, 0.4, 0.7, 0.8, 0.5, error, 0.001),
            line("model, cameras estimated", 1, 0.4, 0.5, 0.6, 0.25, error, 0.002),
            line("mean training shape", None, 0.2, 0.1, 0.2, 0.25, 1600, 0.01),
        ],
        "generation": {
            "samples": sets([0.4, 0.5]),
            "training shapes": {"cov_cd": [0.5], "1nna_cd": [0.5], "mmd_cd": [0.004]}
            | {"kernel_distance": [0.02], "components": [1.0]},
        },
    }
    (folder / "metrics.json").write_text(json.dumps(numbers))
    return str(folder)


def test_lines_of_one_seed_and_of_two(tmp_path):
    row = ROWS["mv_vae_gan_best:any"]
    outputs = [write(tmp_path / "a", 900, 6000), write(tmp_path / "b", 1000, 5760)]
    one = record.read_lines(row, outputs[:1])
    assert one[record.RECONSTRUCTION] == [
        [
            *("`mv_vae_gan_best:any`", "6,000, 0.40", "1800 / 0.300", "", ""),
            *("900 / 0.500", "0.700, 0.800, 1.00"),
        ],
        [
            *("`mv_vae_gan_best:any`: cameras estimated", "6,000, 0.40"),
            *("900 / 0.250", "", "", "", "0.500, 0.600, 2.00"),
        ],
    ]
    (samples,) = one[record.SAMPLES]
    assert samples[:3] == ["`mv_vae_gan_best:any`", "prior", "45.0 ± 7.1"]
    two = record.read_lines(row, outputs)
    first = two[record.RECONSTRUCTION][0]
    assert first[1] == "6,000, 0.40; 5,760, 0.40"
    assert first[5] == "950 ± 71 / 0.500 ± 0.000"
    assert two[record.SAMPLES][0][2] == "45.0 ± 0.0"
    for name, lines in two.items():
        assert {len(cells) for cells in lines} == {len(record.HEADERS[name])}


def test_lines_of_what_learns_nothing(tmp_path):
    row = ROWS["without_learning"]
    lines = record.read_lines(row, [write(tmp_path / "a", 900, 6000)])
    assert lines[record.RECONSTRUCTION] == [
        [
            *("`without_learning`: mean training shape", "0.20", "1600 / 0.250"),
            *("", "", "", "0.100, 0.200, 10.00"),
        ]
    ]
    assert [cells[1] for cells in lines[record.SAMPLES]] == ["training shapes"]


def test_lines_of_the_protocol(tmp_path):
    rows = [
        {"views": views, "chosen": {"all": views / 100}} for views in record.VIEW_COUNTS
    ]
    (tmp_path / "r2n2.json").write_text(json.dumps({"rows": rows}))
    row = ROWS["mv_vae_gan_r2n2:demo"]
    ((first, *cells),) = record.read_lines(row, [str(tmp_path)])[record.PROTOCOL]
    assert first == "`mv_vae_gan_r2n2:demo`" and cells[0] == "0.010"
    with pytest.raises(UserError, match=r"metrics.json cannot be read; delete"):
        record.read_lines(ROWS["gan"], [str(tmp_path)])


def test_a_record_is_kept_beside_those_of_other_rows(tmp_path, monkeypatch):
    machine = {"devices": "1 × cpu", "cores": "2", "processor": "X", "packages": "jax"}
    monkeypatch.setattr(record, "_machine", lambda: machine)
    steps = [{"name": "make", "commit": "abc1234", "seconds": 90.0, "command": "$"}]
    for name in ("mv_vae_gan_best:any", "without_learning", "mv_vae_gan_best:any"):
        row = ROWS[name]
        output = tmp_path / "evaluation"
        if not output.exists():
            write(output, 900, 6000)
        lines = record.read_lines(row, [str(output)])
        made = record.write_record(tmp_path, row, [0], lines, steps)
    assert json.loads((tmp_path / "rows/mv_vae_gan_best-any.json").read_text()) == made
    (tmp_path / "rows/others.json").write_text("{")
    with pytest.raises(UserError, match=r"others.json cannot be read; delete it and"):
        record.write_record(tmp_path, row, [0], lines, steps)
    text = (tmp_path / "results.md").read_text()
    assert text.count("| `mv_vae_gan_best:any` | 6,000") == 1
    assert "| `without_learning`: mean training shape |" in text
    assert "seed 0, commit abc1234, " in text and "2 minutes on 2 cores of X" in text
