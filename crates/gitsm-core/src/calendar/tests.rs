//! Laws, tables and vectors of calendars.
