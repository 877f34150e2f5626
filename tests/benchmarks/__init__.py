"""What is measured rather than tested. `python -m tests.benchmarks` prints the tables; figures are ratios against a peer in the
same run, for absolute times are those of one machine."""
