import numpy as np
import pytest
import torch

from forestflux.models.convolution_blocks import FILTERS, ParallelBlock, name_rows
from forestflux.models.flux_network import FluxNetwork

SIZES = {
    "channels": 4,
    "blocks": 2,
    "kernel": 5,
    "filters": FILTERS,
    "pooled_steps": 2,
    "gap_handling": "normalised_convolution",
    "gap_channel": True,
    "forest_type": "late",
    "encoded": 8,
    "hidden": 8,
    "dropout": 0.0,
}


@pytest.fixture
def network() -> FluxNetwork:
    torch.manual_seed(0)
    return FluxNetwork(variables=7, **SIZES).eval()


def batch(samples: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    series = torch.randn(samples, 7, 46, generator=generator)
    types = torch.eye(6)[torch.arange(samples) % 6]
    return series, types


def test_time_filter_is_the_circular_convolution_of_each_row() -> None:
    torch.manual_seed(0)
    block = ParallelBlock(1, 2, rows=3, kernel=3)
    series = torch.randn(1, 1, 3, 10)
    found = block.filtered(series)[0, :, 1].detach().numpy()
    weight = block.time.weight.detach().numpy()
    bias = block.time.bias.detach().numpy()
    row = series[0, 0, 1].numpy()
    for channel in range(2):
        for step in range(10):
            around = [row[(step + offset) % 10] for offset in (-1, 0, 1)]
            expected = np.dot(weight[channel, 0], around) + bias[channel]
            assert found[channel, step] == pytest.approx(expected, abs=1e-5)


def test_block_adds_one_row_across_variables_and_one_joint_row() -> None:
    block = ParallelBlock(2, 4, rows=7, kernel=5)
    series = torch.randn(3, 2, 7, 46)
    assert block(series).shape == (3, 4, 9, 46)
    filtered = block.filtered(series)
    # A change at one step reaches the row across variables at that step only.
    changed = series.clone()
    changed[:, :, 2, 20] += 1
    moved = (block.filtered(changed) - filtered).abs().sum((0, 1)) > 1e-6
    assert torch.nonzero(moved[7]).ravel().tolist() == [20]
    assert torch.nonzero(moved[8]).ravel().tolist() == [18, 19, 20, 21, 22]
    assert torch.nonzero(moved[2]).ravel().tolist() == [18, 19, 20, 21, 22]
    assert not moved[[0, 1, 3, 4, 5, 6]].any()


def test_gap_and_mean_value_are_told_apart(network: FluxNetwork) -> None:
    series, types = batch()
    gap, mean = series.clone(), series.clone()
    gap[:, 2, 10:30] = torch.nan
    mean[:, 2, 10:30] = 0.0
    estimate = network(gap, types)
    assert torch.isfinite(estimate).all()
    assert (estimate - network(mean, types)).abs().min() > 1e-6


def test_series_of_gaps_only_gives_a_finite_estimate(network: FluxNetwork) -> None:
    series, types = batch()
    series[:, :6] = torch.nan
    assert torch.isfinite(network(series, types)).all()


def test_samples_of_a_batch_do_not_touch_each_other(network: FluxNetwork) -> None:
    series, types = batch(4)
    alone = torch.cat([network(series[i : i + 1], types[i : i + 1]) for i in range(4)])
    assert torch.allclose(network(series, types), alone, atol=1e-5)


def test_year_is_a_circle(network: FluxNetwork) -> None:
    series, types = batch()
    turned = torch.roll(series, 10, dims=2)
    assert torch.allclose(network(series, types), network(turned, types), atol=1e-4)


def test_forest_type_acts_late(network: FluxNetwork) -> None:
    series, types = batch()
    other = torch.eye(6)[[5, 5, 5]]
    # Before training the adjustment is the identity; then it moves the estimate, never
    # the patterns.
    assert torch.equal(network(series, types), network(series, other))
    torch.nn.init.normal_(network.adjust.weight)
    assert (network(series, types) - network(series, other)).abs().min() > 1e-6


def test_small_enough_for_a_processor(network: FluxNetwork) -> None:
    assert sum(part.numel() for part in network.parameters()) < 60_000


def test_the_reconstruction_has_the_shape_of_the_series(network: FluxNetwork) -> None:
    series, _ = batch()
    assert network.reconstruct(series).shape == series.shape


@pytest.mark.parametrize("filters", [["time"], ["variable"], ["joint", "time"]])
def test_rows_follow_the_filters(filters: list[str]) -> None:
    block = ParallelBlock(2, 4, rows=7, kernel=5, filters=filters)
    names = name_rows("abcdefg", filters=filters, block=1)
    assert block(torch.randn(3, 2, 7, 46)).shape == (3, 4, len(names), 46)


def test_forest_type_may_enter_early_or_not_at_all() -> None:
    series, types = batch()
    other = torch.eye(6)[[5, 5, 5]]
    torch.manual_seed(0)
    early = FluxNetwork(variables=7, **SIZES | {"forest_type": "early"}).eval()
    assert (early(series, types) - early(series, other)).abs().min() > 1e-6
    assert early.reconstruct(series).shape == series.shape
    none = FluxNetwork(variables=7, **SIZES | {"forest_type": "none"}).eval()
    torch.nn.init.normal_(none.adjust.weight)
    assert torch.equal(none(series, types), none(series, other))


@pytest.mark.parametrize("changes", [{"gap_channel": False}, {"gap_handling": "mean"}])
def test_gap_handling_and_channel_are_switches(changes: dict) -> None:
    series, types = batch()
    series[:, :, 3:9] = torch.nan
    torch.manual_seed(0)
    changed = FluxNetwork(variables=7, **SIZES | changes).eval()
    torch.manual_seed(0)
    whole = FluxNetwork(variables=7, **SIZES).eval()
    assert torch.isfinite(changed(series, types)).all()
    assert not torch.allclose(changed(series, types), whole(series, types))
