"""Commands of `python -m studio` that are more than a few lines; each file is a thin shell over one part of the studio."""
