"""Pictures of images and of what was done to them; they need matplotlib."""

from ._image_rows import ImageRow as ImageRow
from ._image_rows import draw_image_rows as draw_image_rows
from ._outline import find_outlines as find_outlines
from ._outline import frame_outline as frame_outline
