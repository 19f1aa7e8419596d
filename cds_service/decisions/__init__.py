"""Guidance and facts make an answer, with reasons."""
