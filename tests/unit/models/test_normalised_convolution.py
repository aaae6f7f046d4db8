import pytest
import torch

from forestflux.models.normalised_convolution import circular_window, smooth_over_gaps


def windows() -> tuple[torch.Tensor, torch.Tensor]:
    return circular_window(0.6, 46), circular_window(3.0, 46)


def test_smoothing_keeps_valid_values_and_bridges_a_gap_by_its_neighbours() -> None:
    wave = torch.sin(2 * torch.pi * torch.arange(46) / 46)
    series = wave.repeat(1, 1, 1)
    gappy = series.clone()
    gappy[..., 20:24] = torch.nan
    whole, known = smooth_over_gaps(series, *windows())
    smooth, less = smooth_over_gaps(gappy, *windows())
    assert torch.allclose(whole, series, atol=0.1)
    assert torch.allclose(smooth, series, atol=0.15)
    assert torch.allclose(known, torch.ones(()))
    assert less[0, 0, 21] < 0.05
    assert torch.equal(less[0, 0, 30:40], known[0, 0, 30:40])


def test_smoothing_of_nothing_is_the_mean_of_the_training_rows() -> None:
    smooth, known = smooth_over_gaps(torch.full((1, 2, 46), torch.nan), *windows())
    assert not smooth.any()
    assert not known.any()


def test_smoothing_does_not_depend_on_what_stands_in_a_gap() -> None:
    # Hand-worked: one valid value v leaves (v * w + 0.1 * near) / (w + 0.1) beside it.
    series = torch.full((1, 1, 46), torch.nan)
    series[0, 0, 5] = 2.0
    smooth, _ = smooth_over_gaps(series, *windows())
    year = 2.0 / 2.0
    near = (2.0 + 0.3 * year) / 1.3
    assert smooth[0, 0, 5] == pytest.approx((2.0 + 0.1 * near) / 1.1, rel=1e-5)


def test_half_the_values_hidden_moves_it_less_than_the_mean_does() -> None:
    generator = torch.Generator().manual_seed(1)
    series = torch.randn(3, 7, 46, generator=generator)
    smooth = torch.cumsum(series, -1) / 4
    smooth = smooth - smooth.mean(-1, keepdim=True)
    generator = torch.Generator().manual_seed(3)
    hidden = torch.where(
        torch.rand(smooth.shape, generator=generator) < 0.5, torch.nan, smooth
    )
    moved = (
        smooth_over_gaps(hidden, *windows())[0]
        - smooth_over_gaps(smooth, *windows())[0]
    )
    as_mean = torch.nan_to_num(hidden) - smooth
    assert moved.square().mean() < 0.3 * as_mean.square().mean()
