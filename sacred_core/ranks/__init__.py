"""The ranks of a parallel job: processes that torchrun, srun or mpirun starts together.

Rank 0 starts the run. The other ranks wait for its record, and record in it as writers. Nothing of
this package is imported where no launcher has set its variables.
"""
