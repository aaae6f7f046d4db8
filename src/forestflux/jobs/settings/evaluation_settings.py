"""Settings: evaluate, ablation."""

from typing import Annotated, Any, Literal

from pydantic import Field

from forestflux.jobs.settings.section import Section, Unique, key


class GapExperiment(Section):
    """Gaps put into unseen site-years (folds by site) to measure what they cost.

    A change trains the networks and the classical models of the folds by site anew, because
    they are asked while they are trained; the networks that make the maps stay.
    """

    patterns: Annotated[tuple[str, ...], Unique] = key(
        ("random", "block", "borrowed", "each_input"), unit="names"
    )
    """Single values, a run of months, the gaps of another site-year (of the gappiest
    third) put on top of a site-year's own, or one variable hidden all year: each of the
    inputs in turn, or those that are named.
    """

    fractions: Annotated[tuple[Annotated[float, Field(le=0.95, gt=0)], ...], Unique] = (
        key((0.1, 0.3, 0.5, 0.7), unit="1")
    )
    """Share of all values that `random` hides."""

    months: Annotated[tuple[Annotated[float, Field(le=11, gt=0)], ...], Unique] = key(
        (1, 2, 3, 4), unit="months"
    )
    """Length of the run that `block` hides, in half of the site-years the same in all
    variables.
    """


class EvaluateSettings(Section):
    """What is scored, how wide intervals are, and which gaps are put in."""

    min_quality: float = key(0.8, unit="fraction of half hours", ge=0, le=1)
    """Site-years of lower `nee_qc` are neither scored nor calibrated on."""

    level: float = key(0.9, unit="1", gt=0, lt=1)
    """Nominal coverage of the intervals. It needs level / (1 - level) sites outside
    each fold: 9 for 0.9.
    """

    gaps: GapExperiment = GapExperiment()


class AblationSettings(Section):
    """What each choice of the network is worth.

    The ablation is made only when asked for, by `snakemake -- ablation`.
    """

    members: int = key(1, unit="networks", ge=1, le=1000)
    """Networks of each variant and fold."""

    repeats: int = key(3, unit="times", ge=1, le=1000)
    """How often folds are assigned anew."""

    splits: Annotated[tuple[Literal["site", "cluster"], ...], Unique] = key(
        ("site", "cluster"), unit="names", min_length=1
    )
    """Splits that are scored."""

    variants: dict[
        Annotated[str, Field(pattern="^[a-z_]+$", max_length=64)], dict[str, Any]
    ] = key(
        {
            "without_masked_pretraining": {"steps": {"masked_pretraining": False}},
            "without_all_biomes": {"steps": {"all_biomes": False}},
            "without_distillation": {
                "steps": {"distillation": False},
                "epochs": {"forest": 25},
                "learning_rate": {"forest": 0.003},
            },
            "without_forest": {"steps": {"forest": False}},
            "without_class_weights": {"steps": {"class_weights": False}},
            "time_filters_only": {"filters": ["time"]},
            "no_forest_type": {"forest_type": "none"},
            "early_forest_type": {"forest_type": "early"},
            "no_gap_channel": {"gap_channel": False},
            "gaps_as_mean": {"gap_handling": "mean"},
            "every_step": {"pooled_steps": 1},
            "no_artificial_gaps": {"artificial_gaps": {"share": 0.0}},
            "nee_head": {"heads": "gpp_nee"},
            "no_half_year_shift": {"half_year_shift": False},
            "no_radiation": {"derived": []},
        },
        unit="changes of `train`",
    )
    """Name of each variant and the keys of `train` that it changes."""
