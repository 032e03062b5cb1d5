//! Vectors and laws of the graph.
