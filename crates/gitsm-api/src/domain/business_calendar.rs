//! From the wire types of `BusinessCalendar` to the domain types of decisions.
