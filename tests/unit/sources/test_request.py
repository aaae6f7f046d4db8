"""Sizes by the counting rule of Earth Engine, splitting, and what is joined again."""

import io
from dataclasses import replace

import numpy as np
import pytest

from forestflux.sources.earthengine.client.band_packing import pack_bands, unpack_bands
from forestflux.sources.earthengine.request import (
    MAX_BYTES,
    ArchiveWindow,
    Band,
    Layers,
    Request,
    fit,
    halves,
    join,
    window_halves,
)


def request(*, images, bands, shape):
    """A request of some images with bands of these types."""
    names = (Band(f"b{i}", dtype, 0) for i, dtype in enumerate(bands))
    days = tuple((f"d{i:05d}", f"d{i + 1:05d}") for i in range(images))
    window = ArchiveWindow("EPSG:4326", 0.05, -180.0, 90.0, shape)
    return Request(Layers("A", tuple(names)), days, window)


def answer_to(asked, seed=0):
    """The bytes of a structured .npy file as Earth Engine would send them."""
    rng = np.random.default_rng(seed)
    fields = [
        (f"{day}_{band.name}_{position}", band.dtype)
        for position, (day, _) in enumerate(asked.images)
        for band in asked.layers.bands
    ]
    pixels = np.empty(asked.window.shape, fields)
    for name in pixels.dtype.names:
        pixels[name] = rng.integers(0, 100, asked.window.shape)
    file = io.BytesIO()
    np.save(file, pixels)
    return file.getvalue(), pixels


def test_a_mask_byte_is_counted_for_each_band():
    # The size that google/Xee reports in issue 50: 48 images of one double, 512 x 256.
    asked = request(images=48, bands=["float64"], shape=(512, 256))
    assert asked.bytes == 56_623_104
    assert not asked.fits()


def test_two_and_not_three_images_of_a_modis_tile_fit():
    two, three = (
        request(images=count, bands=["int16"], shape=(2400, 2400)) for count in (2, 3)
    )
    assert two.fits()
    assert not three.fits()
    assert three.bytes == 51_840_000


@pytest.mark.parametrize(
    "asked",
    [
        request(images=1025, bands=["int16"], shape=(5, 5)),
        request(images=1, bands=["int16"], shape=(1, 40_818)),
        request(images=46, bands=["float32", "uint8"], shape=(800, 600)),
        request(images=1, bands=["float32"], shape=(7200, 3600)),
    ],
    ids=["bands", "pixels", "bytes", "one image"],
)
def test_parts_fit_and_cover_the_whole_once(asked):
    assert not asked.fits()
    parts = fit(asked)
    assert all(part.fits() for part in parts)
    covered = {}
    for part in parts:
        rows = round((asked.window.north - part.window.north) / asked.window.pixel)
        columns = round((part.window.west - asked.window.west) / asked.window.pixel)
        for image in part.images:
            seen = covered.setdefault(image, np.zeros(asked.window.shape, int))
            height, width = part.window.shape
            seen[rows : rows + height, columns : columns + width] += 1
    assert set(covered) == set(asked.images)
    assert all((seen == 1).all() for seen in covered.values())


@pytest.mark.parametrize("divide", [halves, window_halves])
@pytest.mark.parametrize(
    ("images", "shape"), [(5, (4, 3)), (1, (4, 3)), (3, (1, 7)), (1, (2, 1))]
)
def test_halves_joined_are_the_whole(divide, images, shape):
    asked = request(images=images, bands=["int16", "uint8"], shape=shape)
    rng = np.random.default_rng(1)
    whole = [
        rng.integers(0, 200, (images, *shape)).astype(band.dtype)
        for band in asked.layers.bands
    ]
    first, second = divide(asked)

    def cut(part):
        top = round((asked.window.north - part.window.north) / asked.window.pixel)
        left = round((part.window.west - asked.window.west) / asked.window.pixel)
        start = asked.images.index(part.images[0])
        height, width = part.window.shape
        images = slice(start, start + len(part.images))
        return [band[images, top : top + height, left : left + width] for band in whole]

    for got, wanted in zip(
        join(asked, first, (cut(first), cut(second))), whole, strict=True
    ):
        np.testing.assert_array_equal(got, wanted)


def test_one_pixel_of_one_image_has_no_halves():
    with pytest.raises(ValueError, match="no halves"):
        halves(request(images=1, bands=["int16"], shape=(1, 1)))


def test_a_window_has_one_grid_whatever_corner_it_is_counted_from():
    whole = ArchiveWindow("EPSG:4326", 0.1, -180.05, 90.05, (1801, 3600))
    differ = 0
    for step in range(1, 1999, 97):
        part = whole.part(slice(400, 500), slice(1999, 2010))
        again = whole.part(slice(300, 700), slice(step, 2500)).part(
            slice(100, 200), slice(1999 - step, 2010 - step)
        )
        differ += part.west != again.west
        assert part.grid() == again.grid()
    assert differ  # by the last bits, which the grid rounds away
    assert part.grid()["affineTransform"]["translateX"] == 19.85
    assert part.grid()["dimensions"] == {"width": 11, "height": 100}


def test_what_is_packed_comes_out_band_by_band():
    asked = request(images=3, bands=["int16", "uint8"], shape=(2, 5))
    body, pixels = answer_to(asked)
    bands = unpack_bands(pack_bands(body, asked), asked)
    names = pixels.dtype.names
    assert [band.dtype for band in bands] == [np.int16, np.uint8]
    for image in range(3):
        for position in range(2):
            np.testing.assert_array_equal(
                bands[position][image], pixels[names[2 * image + position]]
            )


def test_a_thousand_bands_with_long_names_are_read():
    """Plain numpy refuses headers of more than 10,000 characters."""
    asked = request(images=512, bands=["int16", "uint8"], shape=(5, 5))
    assert asked.bands == 1024
    body, pixels = answer_to(asked)
    with pytest.raises(ValueError, match="max_header_size"):
        np.load(io.BytesIO(body))
    bands = unpack_bands(pack_bands(body, asked), asked)
    np.testing.assert_array_equal(bands[1][511], pixels[pixels.dtype.names[-1]])


def test_the_largest_request_is_exactly_48_mib():
    asked = request(images=1, bands=["int8"], shape=(4096, 6144))
    assert asked.bytes == MAX_BYTES
    assert asked.fits()
    wider = replace(asked, window=replace(asked.window, shape=(4096, 6145)))
    assert not wider.fits()
