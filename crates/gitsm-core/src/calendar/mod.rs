//! Business calendars: the hours that service levels count.
