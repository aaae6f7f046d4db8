"""A planet of formulas whose numbers the variables can have."""

import numpy as np

from tests.earthengine.emulator.archives.formulas import (
    COUNT,
    LEAST,
    FormulaPlanet,
    hidden,
    stored,
)
from tests.earthengine.emulator.evaluation.images import Band, sampled

# Prime to COUNT: spreads numbers that lie together over all of them.
SPREAD = 4001


class PhysicalPlanet(FormulaPlanet):
    """The planet of formulas with numbers that a variable can have, and some beyond.

    Quality bands hold all numbers of a byte, and those of a place change from image to image so
    that each series has some trusted values in a year. Classes of land cover lie close together,
    so that there is forest everywhere, and stay what they are.
    """

    def __init__(self, products):
        super().__init__(products)
        self.ends = {}
        for variable in products.variables.values():
            for product in (variable.tower, variable.tile):
                if product is not None and product.mask is not None:
                    rules = product.mask
                    scale = rules.scale * rules.multiply
                    low, high = (end / scale for end in rules.physical)
                    margin = 0.05 * (high - low)
                    self.ends[product.extract.band] = low - margin, high + margin

    def bands(self, collection, day):
        contents = self.layout[collection].items()
        return tuple(
            self.band(name, content, number, day.toordinal())
            for number, (name, content) in enumerate(contents)
        )

    def band(self, name, content, number, day):
        native, dtype = content["grid"], np.dtype(content["dtype"])
        cover = name.startswith(("Land_Cover", "LC_Type"))
        low, high = (0, 25) if cover else self.ends.get(name, (0, 256))
        is_quality = not cover and name not in self.ends

        def look_up(where):
            row, column = native.position(where.points(native.crs))
            lost = np.isnan(row)
            row, column = (
                np.where(lost, 0, at).astype("int64") for at in (row, column)
            )
            when = 0 if cover else day * SPREAD if is_quality else day
            place = stored(row, column, band=number, day=when) - LEAST
            place = place * SPREAD % COUNT if cover else place
            values = low + place / COUNT * (high - low)
            if content.get("multiply", 1) != 1 or dtype.kind in "iu":
                values = np.floor(values)
            values = (values / content.get("multiply", 1)).astype(dtype)
            mask = ~lost & ~hidden(row, column, day=day)
            return values.reshape(where.shape), mask.reshape(where.shape)

        return Band(name, dtype, sampled(native, look_up), native)
