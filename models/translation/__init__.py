"""Translation by causal language models: prompts, answers, decoding, training rows."""
