"""The parts of `benchmarks/doctor.py`: programs, faults, their harm, and what the doctor says."""
