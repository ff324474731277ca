"""A film: figures shown one after another, saved as an animated GIF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symgrad.errors import SymgradError
from symgrad.notation.figures.style import DPI, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image


@dataclass(frozen=True)
class Film:
    """Frames, and how long each one stays, in milliseconds."""

    frames: tuple[Figure, ...]
    milliseconds: tuple[int, ...]

    def save(self, path: str | Path) -> Path:
        """Write the film to `path` as a GIF that repeats for ever, and return the path."""
        try:
            from PIL import Image
        except ImportError as error:
            raise SymgradError(
                "an animation needs Pillow, which is not installed: pip install symgrad[plots]"
            ) from error
        pictures = [_render(frame) for frame in self.frames]
        # The last frame holds everything that was drawn: with its palette for them all, no colour flickers.
        palette = _with_white(pictures[-1].quantize(colors=128, dither=Image.Dither.NONE))
        first, *rest = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
        target = Path(path)
        first.save(
            target,
            format="GIF",
            save_all=True,
            append_images=rest,
            duration=list(self.milliseconds),
            loop=0,
            optimize=True,
        )
        return target


def _render(figure: Figure) -> Image:
    """The figure as an RGB picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    with styled():
        figure.set_dpi(DPI)
        canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
        canvas.draw()
    width, height = canvas.get_width_height()
    return Image.frombuffer("RGBA", (width, height), bytes(canvas.buffer_rgba())).convert("RGB")


def _with_white(picture: Image) -> Image:
    """The picture with every near-white of its palette made white: the quantiser would tint the paper."""
    colours = picture.getpalette() or []
    for start in range(0, len(colours), 3):
        if min(colours[start : start + 3]) >= 244:
            colours[start : start + 3] = [255, 255, 255]
    picture.putpalette(colours)
    return picture
