"""Start workers of sacred-core sweeps as jobs of Slurm, with submitit."""
