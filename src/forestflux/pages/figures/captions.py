"""What each figure shows, how it was made, where it ends: for figure and report."""

from forestflux.evaluation.known_truth import ON_EARTH
from forestflux.pages.figures.caption_type import Caption
from forestflux.pages.figures.globe.globe_captions import GLOBE_CAPTIONS
from forestflux.pages.figures.skill.skill_captions import SKILL_CAPTIONS

CAPTIONS = GLOBE_CAPTIONS | SKILL_CAPTIONS


def caption_of(
    name: str,
    *,
    pair: tuple[int, int],
    level: float,
    members: int,
    simulated: bool,
    sink: str | None = None,
) -> Caption:
    """The caption of a figure with the run's years, level of the intervals and model in it.

    Parameters
    ----------
    name : one of `forestflux.pages.figures.figure_registry.FIGURES`
    pair : first and second year
    level : probability of the intervals, 0-1
    members : networks of the ensemble
    simulated : whether the planet is not the Earth
    sink : how the mapped sink differs from the true one, where a reader of tables knows that
    """
    words = {
        "first": pair[0],
        "second": pair[1],
        "level": f"{100 * level:g}",
        "sink": sink or name_bias(simulated=simulated),
    }
    caption = CAPTIONS[name]
    text = caption.text.format(**words)
    if caption.of_model:
        text = f"{text} {describe_model(members)}"
    return Caption(
        caption.title.format(**words),
        text,
        caption.alt.format(**words),
        of_model=caption.of_model,
    )


def name_bias(*, simulated: bool) -> str:
    """The known bias of NEE, which a simulated planet need not have."""
    if simulated:
        return (
            f"{ON_EARTH}; how far this map is off is the recovery of the planted truth."
        )
    return "NEE learnt at towers is too strong a sink, above all in the tropics."


def describe_model(members: int) -> str:
    """The model of a run in one sentence."""
    if members == 1:
        return "Model: one convolutional neural network (CNN)."
    return f"Model: the mean of an ensemble of {members} convolutional neural networks (CNN)."
