"""Pictures are what a browser shows."""

import base64

import numpy as np
import pytest
from playwright.sync_api import Browser

from course_lib.images import read_image
from course_lib.images.shipped import shipped
from tests.support.image_kinds import KINDS

pytestmark = pytest.mark.slow

# Draws each file on white, and returns height, width and the colors as bytes.
DRAW = """async (files) => Promise.all(files.map(async ([type, data]) => {
    const image = new Image();
    image.src = `data:image/${type};base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d", {colorSpace: "srgb"});
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    const colors = context.getImageData(0, 0, canvas.width, canvas.height).data;
    return [canvas.height, canvas.width, Array.from(colors, (value) => String.fromCharCode(value)).join("")];
}))"""
FILES = KINDS | {"rocket": shipped("rocket.jpg").read_bytes()}  # in Adobe RGB


@pytest.fixture(scope="module")
def drawn(chromium: Browser) -> dict[str, np.ndarray]:
    """Let the browser draw all files."""
    types = {b"\xff\xd8": "jpeg", b"\x89P": "png", b"GI": "gif"}
    files = [(types[file[:2]], base64.b64encode(file).decode()) for file in FILES.values()]
    with chromium.new_page() as page:
        results = page.evaluate(DRAW, files)
    colors = (
        np.frombuffer(values.encode("latin-1"), np.uint8).reshape(height, width, 4) for height, width, values in results
    )
    return {name: rgba[..., :3] for name, rgba in zip(FILES, colors, strict=True)}


@pytest.mark.parametrize("name", FILES)
def test_an_image_is_what_a_browser_shows(name: str, drawn: dict[str, np.ndarray]) -> None:
    image = read_image(FILES[name])
    assert image.shape == drawn[name].shape
    # Both round when they mix colors, or convert them from another color space.
    assert np.abs(image.astype(int) - drawn[name]).max() <= 1
