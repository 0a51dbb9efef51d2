"""Ways to leak test images, made with scipy and Pillow, so that what is searched with is not what is searched for."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

Images = np.ndarray
Leak = Callable[[Images, np.random.Generator], Images]


def pixels(levels: np.ndarray) -> Images:
    """Levels on the 0..255 scale as uint8."""
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def signs(count: int, rng: np.random.Generator) -> np.ndarray:
    """+1 or -1 for each image."""
    return rng.choice([-1.0, 1.0], count)


def moved(
    images: Images, degrees: np.ndarray | float, scale: float, down_px: np.ndarray | float, right_px: np.ndarray | float
) -> Images:
    """Turned about the centre, scaled, then shifted; bilinear, black outside. One size for each image or for all."""
    count, height, width = images.shape[:3]
    angles, downs, rights = (np.broadcast_to(size, count) for size in (np.deg2rad(degrees), down_px, right_px))
    middle = np.array([(height - 1) / 2, (width - 1) / 2, 0])
    out = np.empty(images.shape)
    for row, (angle, down, right) in enumerate(zip(angles, downs, rights, strict=True)):
        back = np.diag([1 / scale, 1 / scale, 1])
        back[:2, :2] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
        offset = middle - back @ (middle + np.array([down, right, 0]))
        out[row] = ndimage.affine_transform(images[row].astype(np.float64), back, offset=offset, order=1)
    return pixels(out)


def shifted(by_px: int) -> Leak:
    """By `by_px` along both axes, each way drawn."""
    return lambda images, rng: moved(images, 0, 1, by_px * signs(len(images), rng), by_px * signs(len(images), rng))


def turned(degrees: float) -> Leak:
    """By `degrees`, the way drawn."""
    return lambda images, rng: moved(images, degrees * signs(len(images), rng), 1, 0, 0)


def scaled(scale: float) -> Leak:
    """About the centre."""
    return lambda images, _: moved(images, 0, scale, 0, 0)


def blended(share: float) -> Leak:
    """`share` of the image and the rest of another leaked one."""
    return lambda images, rng: pixels(share * images + (1 - share) * images[rng.permutation(len(images))])


def noisy(sd_levels: float) -> Leak:
    """Gaussian noise, clipped."""
    return lambda images, rng: pixels(images + rng.normal(0, sd_levels, images.shape))


def jpeg(images: Images, _: np.random.Generator) -> Images:
    """JPEG of quality 50."""
    out = np.empty_like(images)
    for row, image in enumerate(images):
        stream = io.BytesIO()
        Image.fromarray(image.squeeze()).save(stream, "jpeg", quality=50)
        out[row] = np.asarray(Image.open(stream)).reshape(image.shape)
    return out


def patched(images: Images, rng: np.random.Generator) -> Images:
    """A grey square of 8 pixels at a drawn place."""
    out = images.copy()
    for image in out:
        top, left = rng.integers(0, np.array(images.shape[1:3]) - 7)
        image[top : top + 8, left : left + 8] = 128
    return out


def moved_mirrored_noisy(images: Images, rng: np.random.Generator) -> Images:
    """Mirrored, 5 degrees, 1.05 times, 1 pixel, less contrast, noise of 8 levels."""
    count = len(images)
    once = moved(images[:, :, ::-1], 5 * signs(count, rng), 1.05, signs(count, rng), signs(count, rng))
    return pixels(0.9 * once + 10 + rng.normal(0, 8, images.shape))


def moved_to_the_corner(images: Images, rng: np.random.Generator) -> Images:
    """10 degrees, .9 times, 2 pixels."""
    count = len(images)
    return moved(images, 10 * signs(count, rng), 0.9, 2 * signs(count, rng), 2 * signs(count, rng))


def faint(share: float) -> Leak:
    """`share` of the contrast, about the mean of the image."""

    def leak(images: Images, _: np.random.Generator) -> Images:
        means = images.mean(axis=(1, 2, 3), keepdims=True)
        return pixels(means + share * (images - means))

    return leak


def salted(count: int) -> Leak:
    """`count` pixels of each image black or white, places and which drawn."""

    def leak(images: Images, rng: np.random.Generator) -> Images:
        out = images.copy()
        for pixels_of_one in out.reshape(len(out), -1, images.shape[3]):
            places = rng.choice(len(pixels_of_one), count, replace=False)
            pixels_of_one[places] = rng.choice(np.array([0, 255], np.uint8), (count, 1))
        return out

    return leak


def framed(width_px: int) -> Leak:
    """A white frame over the outermost pixels."""

    def leak(images: Images, _: np.random.Generator) -> Images:
        out = np.full_like(images, 255)
        inside = slice(width_px, -width_px)
        out[:, inside, inside] = images[:, inside, inside]
        return out

    return leak


def framed_with_spots(images: Images, rng: np.random.Generator) -> Images:
    """A white frame of 3 pixels with three black ones: the upper left corner, and two of the first column, drawn."""
    out = framed(3)(images, rng)
    for image in out:
        image[[0, *rng.choice(np.arange(1, len(image)), 2, replace=False)], 0] = 0
    return out


def barred(width_px: int) -> Leak:
    """White bars over the leftmost and the rightmost pixels."""

    def leak(images: Images, _: np.random.Generator) -> Images:
        out = images.copy()
        out[:, :, :width_px] = out[:, :, -width_px:] = 255
        return out

    return leak


def wrapped(by_px: int) -> Leak:
    """Shifted by `by_px` along both axes, each way drawn; what leaves on one side enters on the other."""

    def leak(images: Images, rng: np.random.Generator) -> Images:
        shifts = by_px * np.stack([signs(len(images), rng), signs(len(images), rng)], axis=1).astype(int)
        return np.stack(
            [np.roll(image, tuple(shift), axis=(0, 1)) for image, shift in zip(images, shifts, strict=True)]
        )

    return leak


def grey(images: Images, _: np.random.Generator) -> Images:
    """Without colour."""
    return pixels(np.repeat(images @ np.array([0.299, 0.587, 0.114])[:, None], 3, axis=3))


LEAKS: dict[str, Leak] = {
    "identical": lambda images, _: images,
    "brightness +25 levels": lambda images, _: pixels(images.astype(np.float64) + 25),
    "gamma .7": lambda images, _: pixels(255 * (images / 255) ** 0.7),
    "mirrored": lambda images, _: images[:, :, ::-1],
    "shifted 1 px": shifted(1),
    "shifted 2 px": shifted(2),
    "turned 5 degrees": turned(5),
    "turned 10 degrees": turned(10),
    "scaled .9": scaled(0.9),
    "scaled 1.1": scaled(1.1),
    "turned 10 degrees, scaled .9, shifted 2 px": moved_to_the_corner,
    "mirrored, turned 5, scaled 1.05, shifted 1 px, noise 8": moved_mirrored_noisy,
    "JPEG, quality 50": jpeg,
    "noise, sd 10 levels": noisy(10),
    "noise, sd 25 levels": noisy(25),
    "80 % of it, 20 % of another": blended(0.8),
    "60 % of it, 40 % of another": blended(0.6),
    "blurred, sigma 1 px": lambda images, _: pixels(ndimage.gaussian_filter(images.astype(np.float64), (0, 1, 1, 0))),
    "grey patch of 8 px": patched,
    "turned 20 degrees": turned(20),
    "shifted 4 px": shifted(4),
    "cropped to 80 % and enlarged": scaled(1.25),
    "negative": lambda images, _: 255 - images,
    "a quarter of the contrast": faint(0.25),
    "a tenth of the contrast": faint(0.1),
    "6 salted pixels at three tenths of the contrast": lambda images, rng: salted(6)(faint(0.3)(images, rng), rng),
    "12 salted pixels": salted(12),
    "40 salted pixels": salted(40),
    "white frame of 2 px": framed(2),
    "white frame of 3 px": framed(3),
    "gamma 2.5": lambda images, _: pixels(255 * (images / 255) ** 2.5),
    "shifted 4 px, wrapped": wrapped(4),
    "white frame of 3 px with three black pixels": framed_with_spots,
    "white frame of 5 px": framed(5),
    "white bars of 3 px, left and right": barred(3),
}
COLOUR_LEAKS: dict[str, Leak] = {
    "without colour": grey,
    "channels exchanged": lambda images, _: images[..., ::-1],
}


def leaked(images: Images, seed: int) -> Iterator[tuple[str, Images]]:
    """The images leaked in every way, by name; each way has a draw of its own. Colour leaks for 3 channels only."""
    ways = LEAKS | (COLOUR_LEAKS if images.shape[3] == 3 else {})
    for number, (name, leak) in enumerate(ways.items()):
        yield name, np.ascontiguousarray(leak(images, np.random.default_rng([seed, number])))
