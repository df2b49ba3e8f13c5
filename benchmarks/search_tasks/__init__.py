"""Search problems with known answers: functions, and tables of trained networks."""
