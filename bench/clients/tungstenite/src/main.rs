//! Rust tungstenite, synchronous: the client of the benchmark.

mod course;
mod settings;

use std::io::{Read, Result, Write};
use std::net::TcpStream;

use course::{Course, Meter};
use openssl::ssl::{SslConnector, SslMethod, SslStream};
use settings::Settings;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{client::client_with_config, Message, WebSocket};

const BUFFER: usize = 128 * 1024;

/// Keeps what is written until reading has to wait for the peer: coalescing by hand where answers follow messages.
struct Coalescing<S> {
    stream: S,
    pending: Vec<u8>,
    wanted: bool,
}

impl<S: Read + Write> Read for Coalescing<S> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.write_pending()?;
        self.stream.read(buffer)
    }
}

impl<S: Read + Write> Write for Coalescing<S> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if !self.wanted {
            return self.stream.write(bytes);
        }
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= BUFFER {
            self.write_pending()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl<S: Read + Write> Coalescing<S> {
    fn write_pending(&mut self) -> Result<()> {
        if !self.pending.is_empty() {
            self.stream.write_all(&self.pending)?;
            self.pending.clear();
        }
        Ok(())
    }
}

fn open<S: Read + Write>(settings: &Settings, stream: S) -> WebSocket<Coalescing<S>> {
    let answers = settings.coalesce && settings.scenario == "echo";
    let config = WebSocketConfig::default()
        .read_buffer_size(if settings.scenario == "idle" { 4096 } else { BUFFER })
        .write_buffer_size(if answers { 0 } else { BUFFER })
        .max_message_size(None)
        .max_frame_size(None);
    let stream = Coalescing { stream, pending: Vec::new(), wanted: answers };
    client_with_config(settings.url.as_str(), stream, Some(config)).map_err(|_| "refused").unwrap().0
}

fn dial(settings: &Settings) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", settings.port())).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn dial_tls(settings: &Settings) -> SslStream<TcpStream> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_ca_file(&settings.ca).unwrap();
    builder.build().connect(settings.host(), dial(settings)).unwrap()
}

fn run<S: Read + Write>(settings: &Settings, stream: S) {
    let mut course = Course::new(settings);
    let mut socket = open(settings, stream);
    let message = if settings.text {
        Message::text("x".repeat(settings.bytes))
    } else {
        Message::binary(vec![b'x'; settings.bytes])
    };
    course.opened();
    while !course.finished() {
        let mut sent = false;
        while course.take_one() {
            sent = true;
            if settings.coalesce {
                socket.write(message.clone()).unwrap();
            } else {
                socket.send(message.clone()).unwrap();
            }
        }
        if sent && settings.coalesce {
            socket.flush().unwrap();
        }
        course.received(socket.read().unwrap().len());
    }
    course.print();
}

fn connect_and_close(settings: &Settings) {
    let mut meter = Meter::default();
    for round in 0..=settings.messages {
        if round == 1 {
            meter.start();
        }
        let mut socket = open(settings, dial(settings));
        socket.close(None).unwrap();
        while socket.read().is_ok() {}
    }
    meter.stop();
    meter.print(settings.messages, "");
}

fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
}

fn idle(settings: &Settings) {
    let _first = open(settings, dial(settings));
    let before = resident_bytes();
    let mut meter = Meter::default();
    meter.start();
    let sockets: Vec<_> = (0..settings.connections).map(|_| open(settings, dial(settings))).collect();
    meter.stop();
    let bytes = (resident_bytes() - before) / sockets.len() as f64;
    meter.print(sockets.len(), &format!(r#","bytes":{bytes},"threads":1"#));
}

fn main() {
    let settings = Settings::read();
    match settings.scenario.as_str() {
        "connect" => connect_and_close(&settings),
        "idle" => idle(&settings),
        _ if settings.is_tls() => run(&settings, dial_tls(&settings)),
        _ => run(&settings, dial(&settings)),
    }
}
