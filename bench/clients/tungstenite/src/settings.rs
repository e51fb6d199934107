//! The command line that all client programs share; see clients/common/settings.hpp.

use std::collections::HashMap;
use std::process::exit;

pub struct Settings {
    pub scenario: String,
    pub url: String,
    pub ca: String,
    pub messages: usize,
    pub bytes: usize,
    pub window: usize,
    pub batch: usize,
    pub text: bool,
    pub coalesce: bool,
    pub connections: usize,
}

impl Settings {
    pub fn read() -> Settings {
        let mut values: HashMap<String, String> = HashMap::new();
        let mut scenario = String::new();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                None => scenario = argument,
                Some(name @ ("text" | "coalesce")) => drop(values.insert(name.into(), "1".into())),
                Some(name) => drop(values.insert(name.into(), arguments.next().unwrap_or_default())),
            }
        }
        let number = |name: &str, otherwise| values.get(name).map_or(otherwise, |text| text.parse().unwrap());
        let text = |name: &str| values.get(name).cloned().unwrap_or_default();
        Settings {
            scenario,
            url: text("url"),
            ca: text("ca"),
            messages: number("messages", 1),
            bytes: number("bytes", 64),
            window: number("window", 64),
            batch: number("batch", 1),
            text: values.contains_key("text"),
            coalesce: values.contains_key("coalesce"),
            connections: number("connections", 1),
        }
    }

    pub fn is_tls(&self) -> bool {
        self.url.starts_with("wss:")
    }

    pub fn host(&self) -> &str {
        self.authority().split(':').next().unwrap()
    }

    pub fn port(&self) -> u16 {
        self.authority().split(':').nth(1).unwrap().parse().unwrap()
    }

    fn authority(&self) -> &str {
        let rest = &self.url[self.url.find("//").unwrap() + 2..];
        &rest[..rest.find('/').unwrap_or(rest.len())]
    }
}

/// Ends the program: this client cannot do what the command line says.
pub fn refuse(why: &str) -> ! {
    eprintln!("{why}");
    exit(3)
}
