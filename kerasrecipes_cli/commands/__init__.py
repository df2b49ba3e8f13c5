"""What each command takes and says of itself; the work is done in the modules beside."""
