"""The words to a figure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caption:
    """Words to a figure.

    Attributes
    ----------
    title : what it is, a few words
    text : method and limits; {first}, {second}: the pair of years, {level}: the
        probability of the intervals, %
    alt : what a reader who does not see the figure would be told
    of_model : whether the figure shows what the model of the run gives; its text then
        ends with the model
    """

    title: str
    text: str
    alt: str
    of_model: bool = True
