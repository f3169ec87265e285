"""One readable script per training run; recipes import nets, nets never import recipes."""
