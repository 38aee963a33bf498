"""What each degradation does to images, a file each; `data/degradations.py` chooses one."""
