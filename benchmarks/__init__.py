"""What the security costs: each figure measured beside its peer, in the same run.

    make bench                       all figures, into benchmarks/README.md
    python -m benchmarks calls       those of one part: calls, processes or sdk-v2

pairs       two callables, sampled in turn; what is between them
network     AWS in this process: takes the bytes, answers at once
sessions    the baseline, and the two sessions that are compared
calls       calls and clients
sdk_v2      the SageMaker Python SDK v2's own injection of defaults
processes   imports, first clients and memory, each in a fresh process
page        the figures as a table, with machine and versions
"""
