"""Torch nets, their losses and their training recipes; they know tensors, never projects, screens or databases."""
