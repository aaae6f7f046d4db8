import numpy as np
import pytest
import torch

from forestflux.models.flux_network import (
    FILTERS,
    FluxNetwork,
    ParallelBlock,
    circular_window,
    read_gaps,
    row_names,
)

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


def test_restore_has_the_shape_of_the_series(network: FluxNetwork) -> None:
    series, _ = batch()
    assert network.restore(series).shape == series.shape


def windows() -> tuple[torch.Tensor, torch.Tensor]:
    return circular_window(0.6, 46), circular_window(3.0, 46)


def test_reading_keeps_valid_values_and_bridges_a_gap_by_its_neighbours() -> None:
    wave = torch.sin(2 * torch.pi * torch.arange(46) / 46)
    series = wave.repeat(1, 1, 1)
    gappy = series.clone()
    gappy[..., 20:24] = torch.nan
    whole, known = read_gaps(series, *windows())
    read, less = read_gaps(gappy, *windows())
    assert torch.allclose(whole, series, atol=0.1)
    assert torch.allclose(read, series, atol=0.15)
    assert torch.allclose(known, torch.ones(()))
    assert less[0, 0, 21] < 0.05
    assert torch.equal(less[0, 0, 30:40], known[0, 0, 30:40])


def test_reading_of_nothing_is_the_mean_of_the_training_rows() -> None:
    read, known = read_gaps(torch.full((1, 2, 46), torch.nan), *windows())
    assert not read.any()
    assert not known.any()


def test_reading_does_not_depend_on_what_stands_in_a_gap() -> None:
    # Hand-worked: one valid value v leaves (v * w + 0.1 * near) / (w + 0.1) beside it.
    series = torch.full((1, 1, 46), torch.nan)
    series[0, 0, 5] = 2.0
    read, _ = read_gaps(series, *windows())
    year = 2.0 / 2.0
    near = (2.0 + 0.3 * year) / 1.3
    assert read[0, 0, 5] == pytest.approx((2.0 + 0.1 * near) / 1.1, rel=1e-5)


def test_half_the_values_hidden_moves_the_reading_less_than_the_mean_does() -> None:
    series, _ = batch()
    smooth = torch.cumsum(series, -1) / 4
    smooth = smooth - smooth.mean(-1, keepdim=True)
    generator = torch.Generator().manual_seed(3)
    hidden = torch.where(
        torch.rand(smooth.shape, generator=generator) < 0.5, torch.nan, smooth
    )
    read = read_gaps(hidden, *windows())[0] - read_gaps(smooth, *windows())[0]
    as_mean = torch.nan_to_num(hidden) - smooth
    assert read.square().mean() < 0.3 * as_mean.square().mean()


@pytest.mark.parametrize("filters", [["time"], ["variable"], ["joint", "time"]])
def test_rows_follow_the_filters(filters: list[str]) -> None:
    block = ParallelBlock(2, 4, rows=7, kernel=5, filters=filters)
    names = row_names("abcdefg", filters=filters, block=1)
    assert block(torch.randn(3, 2, 7, 46)).shape == (3, 4, len(names), 46)


def test_forest_type_may_enter_early_or_not_at_all() -> None:
    series, types = batch()
    other = torch.eye(6)[[5, 5, 5]]
    torch.manual_seed(0)
    early = FluxNetwork(variables=7, **SIZES | {"forest_type": "early"}).eval()
    assert (early(series, types) - early(series, other)).abs().min() > 1e-6
    assert early.restore(series).shape == series.shape
    none = FluxNetwork(variables=7, **SIZES | {"forest_type": "none"}).eval()
    torch.nn.init.normal_(none.adjust.weight)
    assert torch.equal(none(series, types), none(series, other))


@pytest.mark.parametrize("changes", [{"gap_channel": False}, {"gap_handling": "mean"}])
def test_gap_reading_and_channel_are_switches(changes: dict) -> None:
    series, types = batch()
    series[:, :, 3:9] = torch.nan
    torch.manual_seed(0)
    changed = FluxNetwork(variables=7, **SIZES | changes).eval()
    torch.manual_seed(0)
    whole = FluxNetwork(variables=7, **SIZES).eval()
    assert torch.isfinite(changed(series, types)).all()
    assert not torch.allclose(changed(series, types), whole(series, types))
