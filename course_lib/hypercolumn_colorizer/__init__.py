"""A colorizer on hypercolumns: a histogram of colors for every pixel, from what a network sees of it [1]_.

References
----------
.. [1] Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016.
"""
