"""Many runs below one directory, read from their files alone."""
