"""What grows where: share of forest, forest types, and how each type lives.

Types are numbered as in IGBP, 1 ENF, 2 EBF, 3 DNF, 4 DBF, 5 MF; 0 is open land. Towers
may also stand on crops (6), savanna (7), shrubs (8) and wetland (9).
"""

from dataclasses import dataclass

import numpy as np

from forestflux.core.names import FOREST_TYPES
from forestflux.sources.simulated import geography
from forestflux.sources.simulated.climate import Climate, long_term_climate, sigmoid
from forestflux.sources.simulated.noise import Lattice, place_keys

FORESTS = len(FOREST_TYPES)


@dataclass(frozen=True)
class Habits:
    """How a type of vegetation lives; every attribute is a number per type.

    Attributes
    ----------
    canopy, bare : share of light absorbed in full leaf and without leaves, 1
    leaf_out : temperature at which half of the leaves are out, C
    leaf_range : temperature range of leafing, K; 99 where leaves stay all year
    drought_leaf : share of leaves dropped when dry, 1
    efficiency : gC fixed per MJ of absorbed light at best
    cold_limit, optimum : temperature without growth and of best growth, C
    sink : share of GPP that stays, 1
    """

    canopy: float
    bare: float
    leaf_out: float
    leaf_range: float
    drought_leaf: float
    efficiency: float
    cold_limit: float
    optimum: float
    sink: float


HABITS = (
    Habits(0.62, 0.12, 6.0, 2.5, 0.75, 1.25, -2.0, 18.0, 0.06),  # open land, grass
    Habits(0.78, 0.60, 2.0, 3.0, 0.20, 1.45, -6.0, 14.0, 0.20),  # ENF
    Habits(0.80, 0.80, 0.0, 99.0, 0.20, 1.42, 0.0, 24.0, 0.08),  # EBF
    Habits(0.72, 0.14, 5.0, 2.0, 0.15, 1.65, -2.0, 14.0, 0.19),  # DNF
    Habits(0.80, 0.14, 9.0, 2.5, 0.45, 1.36, -1.0, 19.0, 0.19),  # DBF
    Habits(0.80, 0.36, 6.5, 2.8, 0.30, 1.55, -3.0, 17.0, 0.19),  # MF
    Habits(0.75, 0.08, 11.0, 2.0, 0.60, 1.60, 0.0, 20.0, 0.14),  # crops
    Habits(0.55, 0.25, 5.0, 3.0, 0.65, 1.15, 2.0, 24.0, 0.06),  # savanna
    Habits(0.45, 0.25, 4.0, 3.0, 0.45, 0.95, -2.0, 18.0, 0.05),  # shrubs
    Habits(0.65, 0.18, 5.0, 2.5, 0.20, 1.00, -2.0, 16.0, 0.12),  # wetland
)

# Latitude, longitude, half widths (degrees), share of the forest that became fields.
FIELDS = (
    (41.5, -91.0, 6.0, 9.0, 0.85),  # Corn Belt
    (51.0, -106.0, 3.5, 10.0, 0.60),  # Prairies
    (50.0, 9.0, 5.5, 16.0, 0.58),  # Europe
    (50.5, 38.0, 4.5, 16.0, 0.75),  # Black Earth
    (55.0, 65.0, 3.0, 15.0, 0.50),  # Ishim
    (24.0, 81.0, 8.0, 8.0, 0.85),  # India
    (34.0, 115.0, 6.0, 7.0, 0.85),  # North China
    (45.0, 125.0, 4.0, 4.0, 0.60),  # Manchuria
    (15.5, 102.0, 4.0, 4.0, 0.60),  # Siam
    (-22.0, -49.0, 6.0, 6.0, 0.70),  # Sao Paulo
    (-34.0, -60.0, 6.0, 7.0, 0.85),  # Pampas
    (8.0, 5.0, 4.0, 12.0, 0.60),  # Nigeria
    (1.0, 35.0, 5.0, 5.0, 0.55),  # Lake Victoria
    (-7.0, 110.0, 2.0, 6.0, 0.55),  # Java
)

# Tower classes that have a type of their own; any other is open land.
CLASS_TYPES = {
    **{name: code for code, name in enumerate(FOREST_TYPES, start=1)},
    "CRO": 6,
    "CVM": 6,
    "SAV": 7,
    "WSA": 7,
    "CSH": 8,
    "OSH": 8,
    "WET": 9,
}


@dataclass(frozen=True)
class Cells:
    """Places with their climate and vegetation.

    Attributes
    ----------
    latitudes, longitudes : (cell,), degrees
    keys : integer of the position (cell,), uint64
    kind : vegetation type (cell,), 0-9
    climate : long-term climate
    vigour : canopy relative to the type's (cell,), 1; what satellites can see of a site
    """

    latitudes: np.ndarray
    longitudes: np.ndarray
    keys: np.ndarray
    kind: np.ndarray
    climate: Climate
    vigour: np.ndarray

    def habit(self, name: str) -> np.ndarray:
        """One of the habits of each cell's type (cell, 1)."""
        values = np.array([getattr(habits, name) for habits in HABITS])
        return values[self.kind][:, None]


def forest_cells(
    latitudes: np.ndarray, longitudes: np.ndarray, *, seed: int
) -> tuple[Cells, np.ndarray]:
    """Cells of the map, and percent under forest types 1-5 (type, cell), uint8.

    A cell's type is its commonest forest type, 0 where it has no forest.

    Parameters
    ----------
    latitudes, longitudes : (cell,), degrees, on land
    """
    climate = long_term_climate(latitudes, longitudes, seed=seed)
    percent = forest_percent(latitudes, longitudes, climate, seed=seed)
    kind = dominant_type(percent)
    return settle(latitudes, longitudes, kind, climate, seed=seed), percent


def cells_of_kind(
    latitudes: np.ndarray, longitudes: np.ndarray, kind: np.ndarray, *, seed: int
) -> Cells:
    """Cells whose vegetation is known, as at towers.

    Parameters
    ----------
    latitudes, longitudes : (cell,), degrees
    kind : vegetation type (cell,), 0-9
    """
    climate = long_term_climate(latitudes, longitudes, seed=seed)
    return settle(latitudes, longitudes, kind, climate, seed=seed)


def settle(
    latitudes: np.ndarray,
    longitudes: np.ndarray,
    kind: np.ndarray,
    climate: Climate,
    *,
    seed: int,
) -> Cells:
    """Cells from their parts; the vigour of each stand is noise."""
    stand = Lattice(latitudes, longitudes, scale_km=150).still(seed, "stands")
    region = Lattice(latitudes, longitudes, scale_km=1100).still(seed, "soils")
    return Cells(
        latitudes=latitudes,
        longitudes=longitudes,
        keys=place_keys(latitudes, longitudes),
        kind=kind,
        climate=climate,
        vigour=1 + 0.05 * stand + 0.04 * region,
    )


def dominant_type(percent: np.ndarray) -> np.ndarray:
    """Forest type with the largest percent (cell,), 0 where there is no forest."""
    return np.where(percent.sum(axis=0) > 0, percent.argmax(axis=0) + 1, 0)


def forest_percent(
    latitudes: np.ndarray, longitudes: np.ndarray, climate: Climate, *, seed: int
) -> np.ndarray:
    """Percent of each cell under forest types 1-5, (type, cell) uint8."""
    fraction = forest_fraction(latitudes, longitudes, climate, seed=seed)
    total = np.rint(100 * fraction)
    shares = type_shares(latitudes, longitudes, climate, seed=seed)
    percent = np.floor(total * shares)
    cells = np.arange(len(latitudes))
    percent[shares.argmax(axis=0), cells] += total - percent.sum(axis=0)
    return percent.astype("uint8")


# Antarctica has no trees, whatever its coasts' summers would allow.
SOUTHERN_TREE_LINE = -60.0


def forest_fraction(
    latitudes: np.ndarray, longitudes: np.ndarray, climate: Climate, *, seed: int
) -> np.ndarray:
    """Share of each cell that is forest (cell,): warmth, water, patches, fields."""
    summer = climate.mean_temperature + climate.amplitude
    demand = climate.potential_evaporation.mean(axis=1) * 365.0
    moisture = climate.annual_rain / np.maximum(demand, 200.0)
    patches = Lattice(latitudes, longitudes, scale_km=130).still(seed, "patches")
    regions = Lattice(latitudes, longitudes, scale_km=600).still(seed, "woodland")
    patchy = 0.5 * patches + 0.6 * regions
    trees = sigmoid((moisture - 0.46 + 0.09 * patchy) / 0.09)
    trees = trees * sigmoid((summer - 10.6 + 0.8 * patchy) / 0.9)
    fields = np.zeros(len(latitudes))
    for latitude, longitude, tall, wide, share in FIELDS:
        region = geography.hill(
            latitudes, longitudes, (latitude, longitude), (tall, wide)
        )
        fields = np.maximum(fields, share * region)
    trees = trees * np.clip(0.73 + 0.12 * patchy - fields * (1 - 0.25 * patchy), 0, 1)
    fraction = trees * geography.land_share(latitudes, longitudes)
    treeless = (fraction < 0.02) | (latitudes < SOUTHERN_TREE_LINE)
    return np.where(treeless, 0.0, np.clip(fraction, 0, 1))


def type_shares(
    latitudes: np.ndarray, longitudes: np.ndarray, climate: Climate, *, seed: int
) -> np.ndarray:
    """Share of each type in the forest of a cell (type, cell), sum 1.

    Each type has a score of how well the climate suits it; shares are a soft maximum.
    """
    mean, winter = (
        climate.mean_temperature,
        climate.mean_temperature - climate.amplitude,
    )
    noise = Lattice(latitudes, longitudes, scale_km=500)
    rain = climate.annual_rain
    australia = geography.hill(latitudes, longitudes, (-32.0, 148.0), (12.0, 14.0))
    west = geography.hill(latitudes, longitudes, (46.0, -118.0), (12.0, 11.0))
    scandinavia = geography.hill(latitudes, longitudes, (62.0, 20.0), (6.0, 18.0))
    siberia = sigmoid((longitudes - 85.0) / 5.0)
    scores = (
        2.6 * sigmoid((5.5 - mean) / 2.5) + 2.0 * west + 0.8 * scandinavia,
        3.2 * sigmoid((winter - 12.0) / 2.0) * sigmoid((rain - 1150.0) / 150.0)
        + 2.8 * australia
        + 2.0 * sigmoid((winter - 6.0) / 1.5) * sigmoid((rain - 1500.0) / 120.0),
        3.8 * sigmoid((-29.5 - winter) / 2.0) * siberia,
        2.2 * sigmoid((mean - 5.5) / 2.0) * sigmoid((30.0 - mean) / 2.0),
        2.7 * np.exp(-(((mean - 5.0) / 4.2) ** 2)) * sigmoid((winter + 24.0) / 3.0),
    )
    total = np.stack(scores)
    for index, name in enumerate(FOREST_TYPES):
        total[index] += 0.35 * noise.still(seed, f"type {name}")
    weights = np.exp(4.0 * (total - total.max(axis=0)))
    return weights / weights.sum(axis=0)
