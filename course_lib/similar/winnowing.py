"""Fingerprints of a text: few of its parts, chosen so that a part that two texts share is chosen in both.

S. Schleimer, D. S. Wilkerson, A. Aiken: Winnowing: local algorithms for document fingerprinting. SIGMOD 2003.
"""

import hashlib
from collections.abc import Collection, Sequence


def grams(words: Sequence[str], length: int) -> list[int]:
    """Hash each run of so many words.

    Parameters
    ----------
    words : sequence of str
        A text.
    length : int
        Words of a run, at least 1.

    Returns
    -------
    list of int
        The hash of the run that begins at each word, in 64 bits: the same in every process. Empty if the text is
        shorter than a run.
    """
    runs = ("\n".join(words[start : start + length]) for start in range(len(words) - length + 1))
    return [int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest()) for run in runs]


def winnow(hashes: Sequence[int], window: int, known: Collection[int] = frozenset()) -> list[int]:
    """Choose, in each window, the least hash that is not known; of equal ones the last.

    Two texts that share ``length + window - 1`` words share a fingerprint, unless every run in them is known.

    Parameters
    ----------
    hashes : sequence of int
        Of a text, in order; see `grams`.
    window : int
        Neighbors of which one is chosen, at least 1. A shorter text is one window.
    known : collection of int
        Hashes that are never chosen.

    Returns
    -------
    list of int
        Places of the chosen hashes, each once, in order.
    """
    chosen: list[int] = []
    for start in range(max(len(hashes) - window + 1, 1)):
        places = [place for place in range(start, min(start + window, len(hashes))) if hashes[place] not in known]
        least = min(places, key=lambda place: (hashes[place], -place), default=None)
        if least is not None and least not in chosen[-1:]:
            chosen.append(least)
    return chosen
