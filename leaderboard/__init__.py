"""Records at rest to a static site: collect, rank, render. Never imports torch."""
