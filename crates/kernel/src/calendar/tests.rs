//! Tests of working time.
