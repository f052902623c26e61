"""Coloring image files with a trained colorizer: what ``course colorize`` does."""
