"""What staff see of files about orders."""

from bindings.order_files.admin import files

__all__ = ["files"]
