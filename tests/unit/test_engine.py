"""The engine against its reference: each member's own network in float32."""

import numpy as np
import pytest
import torch
from small_training import make_applicability, make_samples, settings

from forestflux import kernels
from forestflux.conformal import Calibration
from forestflux.engine import CELLS, TOLERANCE, Engine, device_of, merges
from forestflux.ensemble import Model
from forestflux.errors import InputError
from forestflux.inputs import type_one_hot
from forestflux.passes import Compiled, Plain
from forestflux.train import NetworkEstimator

SIZES = {
    "default": {"channels": 8, "encoded": 32, "hidden": 32},
    "one block": {"blocks": 1, "channels": 6},
    "three blocks": {"blocks": 3, "kernel": 7, "derived": []},
}


def members_of(count: int = 2, **sizes: object) -> list[NetworkEstimator]:
    """Trained networks whose normalisation and forest types have learnt something."""
    samples = make_samples()
    return [
        NetworkEstimator(settings(epochs={"forest": 60}, **sizes)).fit(
            samples, seed=seed
        )
        for seed in range(count)
    ]


@pytest.fixture(scope="module", params=SIZES)
def members(request: pytest.FixtureRequest) -> list[NetworkEstimator]:
    return members_of(**SIZES[request.param])


def inputs(
    member: NetworkEstimator, count: int = 300
) -> tuple[torch.Tensor, torch.Tensor]:
    """Prepared maps and types, one of them without any value."""
    samples = make_samples(count, seed=8)
    samples.maps[3] = np.nan
    ready = member.prepare(samples.maps, samples.table["lat"].to_numpy(float))
    return ready, torch.from_numpy(type_one_hot(samples.table["igbp"]))


def reference(
    members: list[NetworkEstimator], ready: torch.Tensor, types: torch.Tensor
) -> np.ndarray:
    return np.stack([member.estimate(ready, types) for member in members], axis=1)


@pytest.mark.parametrize("passes", [Compiled, Plain])
@pytest.mark.parametrize("precision", TOLERANCE)
def test_fluxes_are_those_of_the_reference_within_tolerance(
    members: list[NetworkEstimator], precision: str, passes: type
) -> None:
    engine = Engine(members, device="cpu", precision=precision)
    engine.passes = passes
    ready, types = inputs(members[0])
    expected = reference(members, ready, types)
    found = engine.estimate(ready, types)
    assert found.shape == expected.shape == (2, 2, 300)
    scale = np.array(members[0].flux_scale.sd[:2])[:, None, None]
    off = np.abs(found - expected) / scale
    most, usual = TOLERANCE[precision]
    assert off.max() < most
    assert np.sqrt((off**2).mean()) < usual
    # The fluxes differ by far more than the tolerance, so that it says something.
    assert expected.std(axis=2).min() > 20 * usual * scale.min()


@pytest.mark.parametrize("precision", TOLERANCE)
def test_a_cell_does_not_depend_on_those_beside_it(precision: str) -> None:
    members = members_of(1)
    engine = Engine(members, device="cpu", precision=precision)
    ready, types = inputs(members[0])
    whole = engine.estimate(ready, types)
    part = engine.estimate(ready[CELLS["cpu"] - 5 :], types[CELLS["cpu"] - 5 :])
    np.testing.assert_array_equal(part, whole[..., CELLS["cpu"] - 5 :])
    np.testing.assert_array_equal(engine.estimate(ready, types), whole)


def test_no_cells_give_no_fluxes() -> None:
    members = members_of(1)
    ready, types = inputs(members[0], 9)
    engine = Engine(members, device="cpu", precision="float32")
    assert engine.estimate(ready[:0], types[:0]).shape == (2, 1, 0)


def test_auto_takes_what_the_machine_has() -> None:
    engine = Engine(members_of(1), device="auto", precision="auto")
    hardware = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    if not torch.cuda.is_available():
        assert engine.device == "cpu"
        assert engine.precision == ("bfloat16" if hardware else "float32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without GPU")
def test_a_gpu_that_is_not_there_is_one_line() -> None:
    with pytest.raises(InputError, match=r"infer\.device: expected cuda only where"):
        device_of("cuda")


def test_rounding_to_bfloat16_is_that_of_torch_but_for_ties() -> None:
    numbers = torch.randn(4000, generator=torch.manual_seed(1)) * 3
    ready = numbers.view(2, 40, 50)
    packed = Compiled.pack(ready, 0, 80, torch.bfloat16)
    assert torch.equal(packed[..., :40].transpose(1, 2), ready.bfloat16())


def test_silu_is_within_its_error() -> None:
    numbers = np.linspace(-30, 30, 6001, dtype="float32")
    found = np.array([kernels.silu(number) for number in numbers])
    expected = numbers / (1 + np.exp(-numbers.astype(float)))
    assert np.abs(found - expected).max() < 5e-4


@pytest.mark.parametrize(
    "changes",
    [
        {"pooled_steps": 2},
        {"gap_reading": "normalised"},
        {"filters": ["time"]},
        {"heads": "gpp_nee"},
    ],
)
def test_networks_of_another_form_infer_as_the_reference_does(changes: dict) -> None:
    assert merges(settings())
    assert not merges(settings(**changes))
    samples = make_samples()
    trained = members_of(1, **changes)
    model = Model(
        trained,
        calibration=Calibration(0.9, {}),
        applicability=make_applicability(trained),
        metadata={},
    ).at_speed(device="cpu", precision="auto")
    codes = np.ones(len(samples), int)
    lat = samples.table["lat"].to_numpy(float)
    gpp, reco = model.predict_maps(samples.maps, lat, codes)
    ready = trained[0].prepare(samples.maps, lat)
    types = torch.eye(6)[torch.zeros(len(samples), dtype=int)]
    found = np.stack([gpp[0], reco[0]])
    assert np.allclose(found, trained[0].estimate(ready, types), atol=1e-2)
