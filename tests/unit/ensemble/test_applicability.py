"""Area of applicability: importance, threshold, and folds that never see their rows."""

import numpy as np
import pytest
import torch

from forestflux.core.input_errors import InputError
from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.applicability_fitting import (
    choose_threshold,
    fit_applicability,
    importance,
    score_unseen_rows,
)
from forestflux.models.network_inputs import Normalisation
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.network_training import train_network
from tests.builders.small_training import make_applicability, make_samples, settings


class Sum:
    """A network whose fluxes are sums of what it looks at."""

    flux_scale = Normalisation(("gpp", "reco", "nee"), (0, 0, 0), (2.0, 1.0, 4.0))

    def __init__(self, *, series: float = 0.0, kind: float = 0.0) -> None:
        self.series, self.kind = series, kind

    def predict_prepared(
        self, prepared: torch.Tensor, types: torch.Tensor
    ) -> np.ndarray:
        gpp = self.series * prepared[:, 1, 12:24].mean(1) + self.kind * types[:, 2]
        return torch.stack([gpp, 0 * gpp]).double().numpy()


def rows(count: int = 100) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    prepared = rng.normal(size=(count, 3, 46)).astype("float32")
    return prepared, np.eye(6, dtype="float32")[np.arange(count) % 6]


def test_only_what_moves_the_estimate_has_importance() -> None:
    found = importance([Sum(series=2.0)], *rows(), seed=1)
    assert found.shape == (3 * 4 + 6,)
    assert found[4 + 1] > 0
    assert np.delete(found, 4 + 1).tolist() == [0.0] * 17
    found = importance([Sum(kind=5.0)], *rows(), seed=1)
    assert found[:12].tolist() == [0.0] * 12
    assert len(set(found[12:])) == 1
    assert found[12] > 0


def test_importance_is_in_standard_deviations_and_averaged_over_members() -> None:
    prepared, types = rows()
    one = importance([Sum(series=1.0)], prepared, types, seed=1)
    two = importance([Sum(series=1.0), Sum(series=3.0)], prepared, types, seed=1)
    np.testing.assert_allclose(two, 2 * one, rtol=1e-6)
    # GPP over 2 and NEE = -GPP over 4: the mean of the two is 3/8 of the change.
    order = np.random.default_rng(1)
    picked = np.sort(order.permutation(100))
    moved = order.permutation(100)
    gpp = prepared[picked][:, 1, 12:24].mean(1)
    assert one[5] == pytest.approx(3 / 8 * abs(gpp[moved] - gpp).mean(), rel=1e-5)


def test_threshold_by_hand() -> None:
    index = np.array([0.0, 1, 2, 3, 4, 20, np.nan])
    # Quartiles 1.25 and 3.75.
    assert choose_threshold(index, quantile=None) == pytest.approx(3.75 + 1.5 * 2.5)
    assert (
        choose_threshold(index[:4], quantile=None) == 3
    )  # the whisker would reach 4.5
    assert choose_threshold(index, quantile=0.5) == 2.5
    with pytest.raises(InputError, match="another fold, found none"):
        choose_threshold(np.array([np.nan]), quantile=None)


def test_a_row_on_the_threshold_or_without_an_index() -> None:
    fitted = Applicability(None, 0.4)
    found = fitted.inside(np.array([0.39, 0.4, 0.41, np.nan]))
    assert found.tolist() == [True, True, False, False]


@pytest.fixture(scope="module")
def member() -> NetworkRegressor:
    return train_network(make_samples(), settings=settings(), seed=1)


def test_the_same_seed_gives_the_same_area(member: NetworkRegressor) -> None:
    first, second = (make_applicability([member]).to_arrays() for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
    again = Applicability.from_arrays(first)
    np.testing.assert_array_equal(again.reference.points, first["points"])
    assert again.threshold == first["threshold"]


def test_only_forest_rows_are_the_reference(member: NetworkRegressor) -> None:
    samples = make_samples()
    points = make_applicability([member]).reference.points
    assert len(points) == samples.table["forest"].sum() < len(samples)


def test_one_fold_is_refused(member: NetworkRegressor) -> None:
    samples = make_samples()
    samples.table["fold_cluster"] = 0
    with pytest.raises(InputError, match="another fold, found none"):
        fit_applicability([member], samples, quantile=None, seed=1)


def test_held_out_rows_are_compared_with_the_training_rows_of_their_fold() -> None:
    samples = make_samples()
    folds = {}
    for split, count in (("site", 4), ("cluster", 3)):
        for fold in range(count):
            train = samples.table[f"fold_{split}"].to_numpy() != fold
            folds[split, fold] = [
                train_network(
                    samples.take(train),
                    settings=settings(epochs={"forest": 1}),
                    seed=fold,
                )
            ]
    found = score_unseen_rows(folds, samples, quantile=None, seed=1)
    forest = samples.table["forest"].to_numpy()
    assert len(found) == 2 * forest.sum()
    assert (found["dissimilarity"] > 0).all()
    table = samples.table[["site", "year", "fold_cluster"]]
    both = found[found["split"] == "cluster"].merge(table, on=["site", "year"])
    for fold, rows in both.groupby("fold_cluster"):
        limit = choose_threshold(
            both.loc[both["fold_cluster"] != fold, "dissimilarity"].to_numpy(),
            quantile=None,
        )
        assert (
            (rows["applicable"] == "inside") == (rows["dissimilarity"] <= limit)
        ).all()
    # A tower moved far away changes its own index, not that of its fold's other rows.
    moved = samples.take(np.arange(len(samples)))
    own = (moved.table["site"] == "S00").to_numpy() & forest
    moved.series[own] += 30
    again = score_unseen_rows(folds, moved, quantile=None, seed=1)
    here = again["split"].eq("cluster") & again["site"].eq("S00")
    assert (again[here]["dissimilarity"] > found[here]["dissimilarity"] + 1).all()
    neighbours = both.loc[both["fold_cluster"] == 0, ["site", "year"]].merge(
        again[again["split"] == "cluster"], on=["site", "year"]
    )
    others = neighbours[neighbours["site"] != "S00"].merge(
        found[found["split"] == "cluster"], on=["site", "year"]
    )
    np.testing.assert_array_equal(others["dissimilarity_x"], others["dissimilarity_y"])


def test_holdout_sites_are_judged_by_the_folds_by_cluster() -> None:
    samples = make_samples()
    samples.table["holdout"] = samples.table["site"] == "S19"
    network = train_network(samples, settings=settings(epochs={"forest": 1}), seed=1)
    folds = {("cluster", fold): [network] for fold in range(3)}
    folds["holdout", 0] = [network]
    found = score_unseen_rows(folds, samples, quantile=0.5, seed=1)
    known = found["split"] == "cluster"
    middle = choose_threshold(
        found.loc[known, "dissimilarity"].to_numpy(), quantile=0.5
    )
    own = found[~known]
    assert set(own["site"]) == {"S19"}
    assert ((own["applicable"] == "inside") == (own["dissimilarity"] <= middle)).all()
