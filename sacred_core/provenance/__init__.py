"""What ran where: the code, the packages and the machine of a run."""
