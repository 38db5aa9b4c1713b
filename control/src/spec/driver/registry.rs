//! The drivers there are, and the class names by which files ask for them.

/// A driver as files name it.
#[derive(Debug, PartialEq, Eq)]
pub struct Driver {
    /// Its name.
    pub name: &'static str,
    /// What `driverClass` may be for it.
    pub classes: &'static [&'static str],
    /// Whether such files were written for the Java client.
    pub java_dialect: bool,
}

/// Every driver; the first is that of files without a class.
pub(crate) const DRIVERS: &[Driver] = &[
    Driver { name: "kafka", classes: &["kafka"], java_dialect: false },
    Driver {
        name: "kafka",
        classes: &[
            "io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver",
            "io.openmessaging.benchmark.driver.redpanda.RedpandaBenchmarkDriver",
            "io.openmessaging.benchmark.driver.redpanda.swarm.RedpandaBenchmarkDriver",
            "io.openmessaging.benchmark.driver.redpanda.tx.RedpandaBenchmarkDriver",
            "benchmark.drivers.kafka.KafkaDriver",
        ],
        java_dialect: true,
    },
    Driver { name: "embedded", classes: &["embedded"], java_dialect: false },
    Driver { name: "loopback", classes: &["loopback"], java_dialect: false },
];

/// The driver of a class.
pub(crate) fn of_class(class: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.classes.contains(&class))
}

/// The driver of a name, in kdyno's own dialect.
pub(crate) fn own(name: &str) -> &'static Driver {
    of_class(name).expect("kdyno's own drivers are their own class")
}

/// All classes, for messages.
pub(crate) fn classes() -> String {
    let all: Vec<&str> = DRIVERS.iter().flat_map(|driver| driver.classes).copied().collect();
    all.join(", ")
}
