"""Every figure function makes a file that shows what it was given."""

import sys
from io import BytesIO

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import SymgradError
from symgrad.notation.figures import Film, curves, network, samples, save
from symgrad.notation.figures.style import decimal

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")


def square(x):
    return -(x**2)


def line(x):
    return 0.7 * x + 6


POINTS = samples.Samples(
    np.array([150.0, 160.0, 170.0]),
    np.array([53.0, 58.0, 65.0]),
    "height",
    "weight",
    (177.0, 88.2, "a point"),
)

STILLS = {
    "curve": lambda: curves.curve(square, (-5, 5), "$f(x) = -x^2$"),
    "directions": lambda: curves.directions(square, (-5, 5), -4),
    "steps": lambda: curves.steps(square, (-5, 5), [-4, -3.2, -2.56], r"$\alpha = 0.1$"),
    "scatter": lambda: samples.scatter(POINTS),
    "fitted": lambda: samples.fitted(POINTS, line, r"$\hat{y} = 0.7x + 6$"),
}


def opened(path):
    return Image.open(BytesIO(path.read_bytes()))


def written(figure):
    """Every text that a figure shows."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


@pytest.mark.parametrize("name", STILLS)
def test_a_still_is_a_picture_at_twice_the_size_of_the_page(name, tmp_path):
    path = save(STILLS[name](), tmp_path / f"{name}.png")
    assert opened(path).size == (1600, 800)


def test_the_points_of_a_walk_carry_their_coordinates():
    assert {"(−4, −16)", "(−3.2, −10.24)", "(−2.56, −6.55)"} <= set(written(STILLS["steps"]()))


def test_each_direction_says_what_becomes_of_the_value():
    texts = written(STILLS["directions"]())
    assert "$x - \\delta$\n$f$ falls" in texts and "$x + \\delta$\n$f$ grows" in texts


def test_a_prediction_ends_with_its_value_and_its_miss(tmp_path):
    film = samples.prediction(POINTS, line, 177.0, unit="kg")
    texts = written(film.frames[-1])
    assert "$\\hat{y}$ = 129.9 kg" in texts and "$\\hat{y} - y$ = 41.7" in texts
    assert opened(film.save(tmp_path / "prediction.gif")).n_frames == len(film.frames)


def test_a_prediction_away_from_the_marked_point_shows_no_miss():
    assert not any("- y" in text for text in written(samples.prediction(POINTS, line, 160.0).frames[-1]))


def test_a_training_film_has_a_frame_for_the_start_and_each_epoch(tmp_path):
    film = samples.training(POINTS, [line, lambda x: 0.4 * x], [900.0, 4.25])
    titles = [next(text for text in written(frame) if text.startswith("epoch ")) for frame in film.frames]
    assert titles == ["epoch 0", "epoch 1"]
    assert "$\\mathscr{C}$ = 4.25" in written(film.frames[1])
    assert opened(film.save(tmp_path / "training.gif")).n_frames == 2


def test_a_film_has_white_paper(tmp_path):
    picture = opened(samples.prediction(POINTS, line, 177.0).save(tmp_path / "film.gif"))
    assert picture.convert("RGB").getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("value", "label"), [(-6.5536, "−6.55"), (-16.0, "−16"), (177, "177"), (0.7, "0.7"), (-0.0001, "0")]
)
def test_a_label_has_the_decimals_it_needs(value, label):
    assert decimal(value) == label


@sg.model
def neuron(x, y, w, b):
    z = w * x + b
    yhat = sg.sigmoid(z)
    L = (yhat - y) ** 2 / 2
    return L


def test_a_diagram_has_a_node_for_every_quantity_and_says_what_it_is(tmp_path):
    figure = network.network(neuron, ("w", "b"))
    nodes = [artist.get_gid() for artist in figure.findobj() if str(artist.get_gid()).startswith("node:")]
    assert sorted(nodes) == sorted(f"node:{name}" for name in neuron.quantities)
    assert {"$w x + b$", r"$\sigma$", r"$\hat{y}$", r"$\mathscr{L}$"} <= set(written(figure))
    assert opened(save(figure, tmp_path / "network.png")).size[0] > 800


def test_a_diagram_has_an_arrow_for_every_use():
    from matplotlib.text import Annotation

    arrows = [artist for artist in network.network(neuron).findobj(Annotation) if artist.arrow_patch]
    assert len(arrows) == sum(len(equation.uses) for equation in neuron.equations)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SymgradError, match=r"pip install symgrad\[plots\]"):
        curves.curve(square, (-1, 1))


def test_without_pillow_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(SymgradError, match=r"pip install symgrad\[plots\]"):
        Film((), ()).save(tmp_path / "film.gif")


def test_figures_leave_the_readers_settings_alone():
    import matplotlib

    with matplotlib.rc_context({"font.size": 7}):
        curves.curve(square, (-1, 1))
        assert matplotlib.rcParams["font.size"] == 7
