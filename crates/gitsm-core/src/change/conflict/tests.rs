//! Vectors and laws of conflicts.
