"""Everything the daemon remembers: the only package that speaks SQL."""
