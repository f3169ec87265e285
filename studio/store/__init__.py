"""The database and the blob folder: the only truth about projects. Records of `studio.domain` in, the same records out."""
