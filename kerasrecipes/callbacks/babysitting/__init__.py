"""What the babysitter does at the steps of a fit: counts, measures, and takes nudges."""
