"""Files of installed packages, found without importing their code."""

from importlib import metadata
from pathlib import Path


def package_file(distribution: str, file: str) -> Path:
    """Find a file that an installed package has brought along.

    Parameters
    ----------
    distribution : str
        The package's name, as pip knows it.
    file : str
        The file's path below the folder of installed packages, with slashes.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        If the package is not installed or lacks the file.
    """
    install = f"run: python -m pip install {distribution}"
    try:
        path = Path(str(metadata.distribution(distribution).locate_file(file)))
    except metadata.PackageNotFoundError:
        raise FileNotFoundError(f"expected the package {distribution} to be installed; {install}") from None
    if not path.is_file():
        raise FileNotFoundError(f"expected {path} from the package {distribution}; {install} --force-reinstall")
    return path
