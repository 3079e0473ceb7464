"""Start workers of sacred-core sweeps on a cluster of Dask."""
