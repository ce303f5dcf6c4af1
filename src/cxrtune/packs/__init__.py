"""Images decoded once; packs on disk are read as memory maps."""
