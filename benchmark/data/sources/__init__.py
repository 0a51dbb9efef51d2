"""Where a data set can come from: each module offers files, `benchmark.data.loading` verifies what they hold."""
