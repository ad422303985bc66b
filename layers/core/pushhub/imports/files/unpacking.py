"""How does a file that is packed with gzip become plain?"""

from collections.abc import Iterable, Iterator

from pushhub.gzipped import CutShortGzipError, DamagedGzipError, gunzip
from pushhub.imports.files.cutting import too_large
from pushhub.imports.files.layout import MAX_PLAIN_BYTES
from pushhub.imports.job import UnusableFileError


def unpacked(blocks: Iterable[bytes], most: int = MAX_PLAIN_BYTES) -> Iterator[bytes]:
    """Give the plain content of a gzip file in blocks of at most 1 MiB; nothing for a file without a byte.

    Raises:
        UnusableFileError: it is damaged, cut short, or over `most` bytes when unpacked.
    """
    size = 0
    try:
        for block in gunzip(blocks):
            size += len(block)
            if size > most:
                raise too_large()
            yield block
    except CutShortGzipError:
        raise UnusableFileError("the gzip file is cut short") from None
    except DamagedGzipError:
        raise UnusableFileError("the file is no gzip file, or a damaged one") from None
