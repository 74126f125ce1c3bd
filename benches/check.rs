//! How long an answer takes: files of 60, 1,000 and 20,000 lines, and every proxy's configuration for 50 services.
//! Figures to compare, never a verdict.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::time::{Duration, Instant};

use compose_model::{self as compose, project::Project};
use compose_proxy::routes::{Options, Tls};
use protocol::{File, Request, answer};

fn main() {
    println!(
        "{:>8} {:>8} {:>9} {:>10} {:>10} {:>12}",
        "lines", "KB", "problems", "ms", "µs a line", "× the lines"
    );
    let mut smallest = None;
    for lines in [60, 1_000, 20_000] {
        let text = compose_file(lines);
        let (problems, median) = measure(&text);
        let lines = text.lines().count() as f64;
        let millis = median.as_secs_f64() * 1e3;
        // Linear work shows the same number here as in the column of lines.
        let (least_lines, least_millis) = *smallest.get_or_insert((lines, millis));
        println!(
            "{lines:>8} {:>8.1} {problems:>9} {millis:>10.3} {:>10.2} {:>12}",
            text.len() as f64 / 1e3,
            millis * 1e3 / lines,
            format!("{:.1} of {:.1}", millis / least_millis, lines / least_lines),
        );
    }
    let (targets, median) = measure_generators(50);
    let millis = median.as_secs_f64() * 1e3;
    println!("\n{targets} targets for 50 services: {millis:.3} ms");
}

/// The plan and what every generator makes of it; the file is read already.
fn measure_generators(services: usize) -> (usize, Duration) {
    let mut text = String::from("services:\n");
    for service in 0..services {
        text.push_str(&service_block(service));
    }
    let compose = compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
    let options = Options {
        tls: Some(Tls::Files),
        ..Options::default()
    };
    let run = || protocol::generators::outputs(std::hint::black_box(&compose), &options, &|_| true);
    (run().1.len(), median_of(run))
}

fn measure(text: &str) -> (usize, Duration) {
    let request = Request {
        files: vec![File {
            name: "compose.yaml".into(),
            text: text.into(),
        }],
        ..Request::default()
    };
    let problems = answer(&request).problems.len();
    (
        problems,
        median_of(|| answer(std::hint::black_box(&request))),
    )
}

/// The middle one of as many runs as fit into a second, at least five.
fn median_of<T>(run: impl Fn() -> T) -> Duration {
    let started = Instant::now();
    let mut runs = Vec::new();
    while runs.len() < 5 || started.elapsed() < Duration::from_secs(1) {
        let began = Instant::now();
        std::hint::black_box(run());
        runs.push(began.elapsed());
    }
    runs.sort();
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}

/// Services as people write them: comments, variables, short and long forms. One in ten has a mistake.
fn compose_file(lines: usize) -> String {
    let mut res = String::from("name: bench\nservices:\n");
    let end = "volumes:\n  data:\nnetworks: {back: , front: }\n";
    let mut count = 5;
    for service in 0.. {
        let block = service_block(service);
        if count + block.lines().count() > lines {
            break;
        }
        count += block.lines().count();
        res.push_str(&block);
    }
    res.push_str(&"# padding\n".repeat(lines - count));
    res.push_str(end);
    res
}

fn service_block(service: usize) -> String {
    let volume = if service % 10 == 9 { "dta" } else { "data" };
    let port = 10_000 + service;
    // A chain: each waits for the one before it.
    let depends_on = match service {
        0 => String::new(),
        _ => format!("    depends_on:\n      - service-{}\n", service - 1),
    };
    format!(
        "  # café ☕ number {service}
  service-{service}:
    image: registry.example.com/team/service:${{TAG:-1.{service}}}
    restart: unless-stopped
    environment:
      LOG_LEVEL: ${{LOG_LEVEL:-info}}
      GREETING: \"🐳 é中 {service}\"
      EMPTY:
    ports:
      - \"127.0.0.1:{port}:8080\"
    volumes:
      - {volume}:/var/lib/service-{service}
    networks: [back, front]
{depends_on}"
    )
}
