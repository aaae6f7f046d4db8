import numpy as np
import pandas as pd
import pytest
import torch

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.training_settings import TransferSteps
from forestflux.models.flux_model import predict_samples
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.network_training import (
    class_weights,
    member_seed,
    train_network,
)
from forestflux.prepare.sample_table import Samples, UnlabelledSeries
from tests.builders.small_training import make_samples, settings


def weights_equal(first: NetworkRegressor, second: NetworkRegressor) -> bool:
    pairs = zip(first.weights().values(), second.weights().values(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_same_seed_gives_the_same_weights_bit_for_bit() -> None:
    samples = make_samples()
    first = train_network(samples, settings=settings(), seed=4)
    torch.manual_seed(99)
    second = train_network(samples, settings=settings(), seed=4)
    assert weights_equal(first, second)
    other = train_network(samples, settings=settings(), seed=5)
    assert not weights_equal(first, other)


def test_fit_leaves_the_random_state_and_the_threads_of_torch_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    threads = torch.get_num_threads()
    train_network(make_samples(), settings=settings(), seed=4)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_it_learns_what_is_there() -> None:
    samples = make_samples(240)
    trained = train_network(
        samples.take(np.arange(180)),
        settings=settings(epochs={"all_biomes": 15, "forest": 25}, dropout=0.0),
        seed=1,
    )
    test = samples.take(np.arange(180, 240))
    test = test.take(test.table["forest"].to_numpy())
    fluxes = predict_samples(trained, test)
    gpp = test.table["gpp"].to_numpy()
    assert np.corrcoef(fluxes.gpp, gpp)[0, 1] > 0.9
    assert np.sqrt(np.mean((fluxes.gpp - gpp) ** 2)) < 0.5 * gpp.std()


def test_fluxes_close_and_are_not_negative() -> None:
    samples = make_samples()
    trained = train_network(samples, settings=settings(), seed=1)
    fluxes = predict_samples(trained, samples)
    assert fluxes.gpp.dtype == np.float64
    assert np.array_equal(fluxes.nee, fluxes.reco - fluxes.gpp)
    assert min(fluxes.gpp.min(), fluxes.reco.min()) >= 0


@pytest.mark.parametrize(
    ("heads", "given"), [("gpp_reco", [0, 1]), ("gpp_nee", [0, 2])]
)
def test_the_third_flux_closes_whatever_the_heads(heads: str, given: list[int]) -> None:
    samples = make_samples()
    trained = train_network(samples, settings=settings(heads=heads), seed=1)
    table = samples.table[["gpp", "reco", "nee"]].to_numpy(float)
    scaled = trained.flux_scale.apply(table)
    three = trained.close_fluxes(torch.from_numpy(scaled[:, given]))
    assert np.allclose(three.numpy(), scaled, atol=1e-9)


@pytest.mark.parametrize("step", TransferSteps.model_fields)
def test_each_transfer_step_is_a_switch(step: str) -> None:
    samples = make_samples()
    whole = train_network(samples, settings=settings(), seed=4)
    without = train_network(samples, settings=settings(steps={step: False}), seed=4)
    assert not weights_equal(whole, without)


def test_without_all_biomes_other_classes_do_not_teach() -> None:
    chosen = settings(steps={"all_biomes": False, "masked_pretraining": False})
    samples = make_samples()
    wrong = samples.table.copy()
    wrong.loc[~wrong["forest"], ["gpp", "reco"]] = 9e3
    first = train_network(samples, settings=chosen, seed=4)
    changed = Samples(samples.series, wrong, samples.variables)
    second = train_network(changed, settings=chosen, seed=4)
    assert weights_equal(first, second)


def test_unlabelled_series_change_the_result() -> None:
    samples = make_samples()
    other = make_samples(30, seed=8)
    series = UnlabelledSeries(
        other.series,
        other.table["lat"].to_numpy(),
        np.ones(30, "uint8"),
        other.table["site"].to_numpy(),
    )
    alone = train_network(samples, settings=settings(), seed=4)
    more = train_network(samples, settings=settings(), seed=4, unlabelled=series)
    assert not weights_equal(alone, more)


def test_scales_come_from_the_rows_given() -> None:
    samples = make_samples()
    part = samples.take(np.arange(30))
    trained = train_network(part, settings=settings(), seed=4)
    assert trained.normalisation.mean[0] == pytest.approx(
        np.nanmean(part.series[:, 0].astype(float))
    )
    assert trained.flux_scale.mean[0] == pytest.approx(
        part.table.loc[part.table["forest"], "gpp"].mean()
    )


def test_training_without_forest_is_refused() -> None:
    samples = make_samples()
    grass = samples.take(~samples.table["forest"].to_numpy())
    with pytest.raises(InputError, match="forest"):
        train_network(grass, settings=settings(), seed=1)


def test_member_seeds_differ_and_stay() -> None:
    seeds = {
        member_seed(2019, split, fold, member)
        for split in ("site", "cluster")
        for fold in range(10)
        for member in range(10)
    }
    assert len(seeds) == 200
    assert member_seed(2019, "site", 0, 0) == member_seed(2019, "site", 0, 0)
    assert max(seeds) < 2**32


def test_class_weights_give_rare_types_and_climates_more_weight() -> None:
    # Four boreal and one tropical ENF site, two rows each; the grassland is no forest.
    table = pd.DataFrame(
        {
            "site": list("aabbccddeeff"),
            "igbp": ["ENF"] * 10 + ["GRA"] * 2,
            "lat": [60.0] * 8 + [5.0] * 4,
        }
    )
    weight = class_weights(table)
    assert weight[8] / weight[0] == pytest.approx(2.0)
    assert weight[:10].mean() == pytest.approx(1.0)
