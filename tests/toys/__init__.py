"""Algorithms as small as they can be, which prove that the house carries more than a GAN of latents."""
