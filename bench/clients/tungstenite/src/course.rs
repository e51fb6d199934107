//! The course of a scenario and its measurement; see clients/common/course.hpp.

use std::time::Instant;

use crate::settings::{refuse, Settings};

#[derive(Default)]
pub struct Meter {
    cpu: f64,
    wall: f64,
    started: Option<Instant>,
}

impl Meter {
    pub fn start(&mut self) {
        self.started = Some(Instant::now());
        self.cpu = -process_cpu();
    }

    pub fn stop(&mut self) {
        self.cpu += process_cpu();
        self.wall = self.started.unwrap().elapsed().as_secs_f64();
    }

    pub fn print(&self, messages: usize, more: &str) {
        println!(r#"{{"messages":{},"cpu":{},"wall":{}{}}}"#, messages, self.cpu, self.wall, more);
    }
}

fn process_cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[derive(PartialEq)]
enum Kind {
    Receive,
    Send,
    Batches,
    PingPong,
    Echo,
}

pub struct Course<'a> {
    settings: &'a Settings,
    kind: Kind,
    credit: usize,
    unsent: usize,
    left: usize,
    finished: bool,
    meter: Meter,
    sent: Instant,
    trips: Vec<f32>,
}

impl<'a> Course<'a> {
    pub fn new(settings: &'a Settings) -> Course<'a> {
        let kind = match settings.scenario.as_str() {
            "receive" => Kind::Receive,
            "send" => Kind::Send,
            "batches" => Kind::Batches,
            "ping-pong" => Kind::PingPong,
            "echo" => Kind::Echo,
            _ => refuse("there is no such scenario here"),
        };
        let trips = if kind == Kind::PingPong { settings.messages } else { 0 };
        Course {
            settings,
            kind,
            credit: 0,
            unsent: 0,
            left: settings.messages,
            finished: false,
            meter: Meter::default(),
            sent: Instant::now(),
            trips: Vec::with_capacity(trips),
        }
    }

    pub fn opened(&mut self) {
        if self.kind != Kind::Receive {
            self.meter.start();
        }
        self.credit = match self.kind {
            Kind::Receive | Kind::Batches => 0,
            Kind::Send => self.settings.messages,
            Kind::PingPong => 1,
            Kind::Echo => self.settings.window.min(self.settings.messages),
        };
        self.unsent = self.settings.messages - self.credit;
    }

    pub fn take_one(&mut self) -> bool {
        if self.credit == 0 {
            return false;
        }
        self.credit -= 1;
        if self.kind == Kind::PingPong {
            self.sent = Instant::now();
        }
        true
    }

    pub fn received(&mut self, bytes: usize) {
        match self.kind {
            Kind::Batches if self.unsent > 0 => {
                let more = self.settings.batch.min(self.unsent);
                self.unsent -= more;
                self.credit += more;
            }
            Kind::Send | Kind::Batches => self.finished = bytes == 4, // "done"
            Kind::Receive => {
                if self.left == self.settings.messages {
                    self.meter.start();
                }
                self.count_down(bytes);
            }
            Kind::PingPong | Kind::Echo => {
                if self.kind == Kind::PingPong {
                    self.trips.push(self.sent.elapsed().as_secs_f32());
                }
                if self.unsent > 0 {
                    self.unsent -= 1;
                    self.credit += 1;
                }
                self.count_down(bytes);
            }
        }
        if self.finished {
            self.meter.stop();
        }
    }

    fn count_down(&mut self, bytes: usize) {
        assert_eq!(bytes, self.settings.bytes);
        self.left -= 1;
        self.finished = self.left == 0;
    }

    pub fn finished(&self) -> bool {
        self.finished
    }

    pub fn print(&mut self) {
        let mut more = String::new();
        if self.kind == Kind::PingPong {
            self.trips.sort_by(f32::total_cmp);
            let at = |share: usize| self.trips[self.trips.len() * share / 100];
            more = format!(r#","p50":{},"p99":{}"#, at(50), at(99));
        }
        // Of a flood the first message only starts the clock.
        let counted = self.settings.messages - usize::from(self.kind == Kind::Receive);
        self.meter.print(counted, &more);
    }
}
