"""Draws the sample control images."""
