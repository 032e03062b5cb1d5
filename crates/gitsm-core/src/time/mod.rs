//! Points and lengths of time as manifests write them.

mod duration;
mod instant;
mod local;
mod zone;

pub use duration::Duration;
pub use instant::Instant;
pub use local::{ClosingTime, LocalDate, LocalTime};
pub use zone::{ZoneName, tzdb_version};
