//! From records with their status to what reports count.
