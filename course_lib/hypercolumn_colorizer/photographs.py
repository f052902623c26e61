"""The photographs of the capstone: seven for training, and four that no part of the training has seen."""

from course_lib.colorization.photographs import Lab, photographs_for_coloring, working_lab
from course_lib.images import read_image
from course_lib.networks.files import package_file

FROM_SCIKIT_LEARN = ("china", "flower")
HELD_BACK = "chelsea"


def capstone_photographs(side: int = 256) -> tuple[dict[str, Lab], dict[str, Lab]]:
    """Read the color photographs in the course's packages, and hold out four of them.

    Parameters
    ----------
    side : int
        Their shortest side in pixels, 1 or more.

    Returns
    -------
    training : dict of str to ndarray
        Seven photographs from scikit-image in normalized Lab, ``(H, W, 3)`` float32, by name.
    unseen : dict of str to ndarray
        "chelsea" from scikit-image, "china" and "flower" from scikit-learn (CC BY 2.0; the README beside them names
        the photographers), "grace_hopper" from Matplotlib, in the same form.

    Raises
    ------
    ValueError
        If the side is out of bounds, or a file of scikit-learn was changed.
    """
    training, unseen = photographs_for_coloring(side)
    for name in FROM_SCIKIT_LEARN:
        file = package_file("scikit-learn", "sklearn", f"datasets/images/{name}.jpg")
        unseen[name] = working_lab(read_image(file), side)
    unseen[HELD_BACK] = training.pop(HELD_BACK)
    return training, {name: unseen[name] for name in sorted(unseen)}
