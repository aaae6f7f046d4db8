"""Fast inference against its reference: each member's own network in float32."""

import functools

import numpy as np
import pytest
import torch
from numba import njit

from forestflux.core.input_errors import InputError
from forestflux.ensemble.fast import kernels
from forestflux.ensemble.fast.backends import (
    Backend,
    EagerBackend,
    Filtered,
    FusedBackend,
)
from forestflux.ensemble.fast.fast_inference import (
    CELLS,
    TOLERANCE,
    Block,
    FastInference,
    choose_device,
)
from forestflux.models.network_inputs import one_hot_types
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.network_training import train_network
from tests.builders.small_training import make_samples, settings

SIZES = {
    "default": {"channels": 8, "encoded": 32, "hidden": 32},
    "one block": {"blocks": 1, "channels": 6},
    "three blocks": {"blocks": 3, "kernel": 7, "derived": []},
    "gaps without weight": {
        "gap_handling": "normalised_convolution",
        "pooled_steps": 2,
    },
    "early type": {"forest_type": "early", "gap_channel": False},
    "one filter": {"filters": ["joint"], "forest_type": "none"},
    "filters in another order": {"filters": ["joint", "time"]},
    "other heads": {"filters": ["time", "variable"], "heads": "gpp_nee"},
}


def members_of(count: int = 2, **sizes: object) -> list[NetworkRegressor]:
    """Trained networks whose normalisation and forest types have learnt something."""
    samples = make_samples()
    return [
        train_network(
            samples, settings=settings(epochs={"forest": 120}, **sizes), seed=seed
        )
        for seed in range(count)
    ]


# The network as it comes is quick enough; the others are trained for `make test` alone.
USUAL, *OTHERS = SIZES
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in OTHERS]


@pytest.fixture(scope="module", params=[USUAL, *SLOW])
def members(request: pytest.FixtureRequest) -> list[NetworkRegressor]:
    return members_of(**SIZES[request.param])


def inputs(
    member: NetworkRegressor, count: int = 300
) -> tuple[torch.Tensor, torch.Tensor]:
    """Prepared series and types, one of them without any value."""
    samples = make_samples(count, seed=8)
    samples.series[3] = np.nan
    prepared = member.prepare(samples.series, samples.lat)
    return prepared, torch.from_numpy(one_hot_types(samples.forest_type))


def reference(
    members: list[NetworkRegressor], prepared: torch.Tensor, types: torch.Tensor
) -> np.ndarray:
    return np.stack(
        [member.predict_prepared(prepared, types) for member in members], axis=1
    )


@pytest.mark.parametrize("backend", [FusedBackend, EagerBackend])
@pytest.mark.parametrize("precision", TOLERANCE)
def test_fluxes_are_those_of_the_reference_within_tolerance(
    members: list[NetworkRegressor], precision: str, backend: type[Backend]
) -> None:
    """Fused inference gives the fluxes of each member's own network, of every kind."""
    fast = FastInference(members, device="cpu", precision=precision)
    fast.backend = backend()
    prepared, types = inputs(members[0])
    expected = reference(members, prepared, types)
    found = fast.predict_prepared(prepared, types)
    assert found.shape == expected.shape == (2, 2, 300)
    scale = np.array(members[0].flux_scale.sd[:2])[:, None, None]
    off = np.abs(found - expected) / scale
    most, usual = TOLERANCE[precision]
    assert off.max() < most
    assert np.sqrt((off**2).mean()) < usual
    # The fluxes differ by far more than the tolerance, so that it says something.
    assert expected.std(axis=2).min() > 20 * usual * scale.min()


@functools.cache
def one_member() -> list[NetworkRegressor]:
    """A trained network; read only."""
    return members_of(1)


@pytest.mark.parametrize("precision", TOLERANCE)
def test_a_cell_does_not_depend_on_those_beside_it(precision: str) -> None:
    members = one_member()
    fast = FastInference(members, device="cpu", precision=precision)
    prepared, types = inputs(members[0])
    whole = fast.predict_prepared(prepared, types)
    part = fast.predict_prepared(
        prepared[CELLS["cpu"] - 5 :], types[CELLS["cpu"] - 5 :]
    )
    np.testing.assert_array_equal(part, whole[..., CELLS["cpu"] - 5 :])
    np.testing.assert_array_equal(fast.predict_prepared(prepared, types), whole)


def test_no_cells_give_no_fluxes() -> None:
    members = one_member()
    prepared, types = inputs(members[0], 9)
    fast = FastInference(members, device="cpu", precision="float32")
    assert fast.predict_prepared(prepared[:0], types[:0]).shape == (2, 1, 0)


def test_auto_takes_what_the_machine_has() -> None:
    fast = FastInference(one_member(), device="auto", precision="auto")
    hardware = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    if not torch.cuda.is_available():
        assert fast.device == "cpu"
        assert fast.precision == ("bfloat16" if hardware else "float32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without GPU")
def test_a_gpu_that_is_not_there_is_one_line() -> None:
    with pytest.raises(InputError, match=r"infer\.device: expected cuda only where"):
        choose_device("cuda")


def test_rounding_to_bfloat16_is_that_of_torch_but_for_ties() -> None:
    draw = torch.manual_seed(1)
    filtered = Filtered(
        torch.randn(2, 7, 46, 8, generator=draw) * 3,
        torch.randn(2, 46, 2, 8, generator=draw) * 3,
    )
    block = Block(*(torch.empty(0),) * 4, torch.ones(8), torch.zeros(8))
    exact = FusedBackend().activate(filtered, block, 0)
    halved = Filtered(*(part.bfloat16() for part in filtered))
    rounded = FusedBackend().activate(halved, block, 0)
    assert exact.shape == (2, 9, 46, 8)
    assert rounded.dtype == torch.bfloat16
    assert torch.allclose(rounded.float(), exact, atol=0.03)


def test_plain_and_compiled_code_store_numbers_alike() -> None:
    numbers = np.array([-3.7, -1e-20, 0, 0.1, 1, 2.0**20], "float32")
    zero = np.uint16(0)
    store = njit(lambda number, like: kernels.narrow(number, like))
    read = njit(lambda number: kernels.widen(number))
    stored = [kernels.narrow(number, zero) for number in numbers]
    assert stored == [store(number, zero) for number in numbers]
    found = np.array([kernels.widen(number) for number in stored])
    assert found.tolist() == [read(number) for number in stored]
    assert np.allclose(found, numbers, rtol=2**-8, atol=0)
    assert kernels.widen(numbers[0]) == kernels.narrow(numbers[0], numbers[0])
