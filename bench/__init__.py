"""What is claimed about speed, runnable: `make bench`, or `python -m bench --quick`."""
