"""Pictures drawn by rules, many at once: faces from genes, and bedrooms.

``canvas`` paints shapes given by signed distances; ``faces`` and ``bedrooms`` say what to paint, in
color, in gray, and as the line art of the exact worlds.
"""
