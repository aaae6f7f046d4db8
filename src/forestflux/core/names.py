"""Names, orders and units that every stage shares, each fixed here once."""

# The variable of the product table that is no input series: where forest is.
LAND_COVER = "landcover"

# Patterns of artificial gaps; the name of an input series is one, too. The last stands for a
# pattern of each input series, hidden all year.
EACH_INPUT = "each_input"
GAP_PATTERNS = ("random", "block", "borrowed", EACH_INPUT)

FLUXES = ("gpp", "reco", "nee")
# The fluxes with intervals, maps of change and figures of their own; RECO follows as their sum.
TARGET_FLUXES = ("gpp", "nee")
FLUX_UNIT = "gC m-2 yr-1"
FLUX_SLOPE_UNIT = "gC m-2 yr-2"
TOTAL_UNIT = "PgC yr-1"
TOTAL_SLOPE_UNIT = "PgC yr-2"
PG_PER_G = 1e-15

# Largest |reco - (gpp + nee)|, gC m-2 yr-1. Night-time partitionings of FLUXNET close to
# some gC; daytime GPP beside night-time RECO is off by hundreds.
CLOSURE_TOLERANCE = 50.0

# IGBP classes 1-5; the code is the position + 1, 0 is "no forest".
FOREST_TYPES = ("ENF", "EBF", "DNF", "DBF", "MF")

# FLUXNET site classes beside the forest types: they train, they are never scored.
OTHER_CLASSES = (
    "CSH",
    "OSH",
    "WSA",
    "SAV",
    "GRA",
    "WET",
    "CRO",
    "URB",
    "CVM",
    "SNO",
    "BSV",
    "WAT",
)

# In the order of the codes 1-17 of IGBP land cover.
IGBP_CLASSES = (*FOREST_TYPES, *OTHER_CLASSES)

# The network among the models, as tables name it.
NETWORK = "cnn"
# The network as configured, among the variants of the ablation.
FULL = "full"

# Whether a row lies in the area of applicability, as tables say it.
APPLICABILITY_SIDES = ("inside", "outside")

# How folds are formed, in the order of tables; a run may leave `random` out. The networks of
# `holdout` are trained on all towers except the holdout, also where there is none: they make
# the maps.
SPLITS = ("site", "cluster", "random", "holdout")

# Reason codes of the mask stage, in order of the flag values 0, 1, 2, ...
REASONS = (
    "valid",
    "not_acquired",
    "fill",
    "cloud",
    "snow",
    "low_quality",
    "out_of_range",
)
