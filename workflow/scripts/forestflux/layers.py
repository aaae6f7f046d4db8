"""Attributes of the layers that several stages write, in one place."""

# Value of `applicable` where there is no forest.
NOT_FOREST = 255

DISSIMILARITY = {
    "units": "1",
    "long_name": "dissimilarity index to the towers that the networks learnt from",
    "comment": (
        "Distance of the year's series and forest type to the nearest training row, over"
        " the mean distance of two training rows (Meyer and Pebesma 2021, doi"
        " 10.1111/2041-210X.13650). Without a value where there is no forest, and where"
        " gaps leave too little to compare."
    ),
}
APPLICABLE = {
    "long_name": "whether the cell is inside the area of applicability",
    "flag_values": [0, 1, NOT_FOREST],
    "flag_meanings": "outside inside no_forest",
    "comment": (
        "Outside, the year's series and forest type are unlike all that the networks"
        " learnt from; skill and coverage of the intervals are not known there."
    ),
}
