"""Pages of the documentation that benchmarks write into."""
