"""The cost of whole training loops, beside other libraries and beside hand-written C on the same BLAS."""
