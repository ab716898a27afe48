"""Several engines' readings of one page: aligned, calibrated, voted on."""
