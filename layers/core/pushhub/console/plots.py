"""How is a share drawn on a terminal?

Pure.
"""

from typing import Final

_WIDTH: Final = 20


def share_plot(part: int, whole: int) -> str:
    """Draw which share of a whole a part is, with the percentage behind; it may exceed 100 %. Of nothing, nothing is drawn."""
    if not whole:
        return ""
    filled = min(_WIDTH, round(_WIDTH * part / whole))
    return f"{'#' * filled}{'.' * (_WIDTH - filled)} {100 * part / whole:.0f} %"
