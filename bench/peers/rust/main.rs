//! Cedar and regorus in the race. The protocol is that of bench/engines/race.h.

mod cedar;
mod rego;

use std::fmt::Write;
use std::io::BufRead;
use std::sync::Barrier;
use std::time::{Duration, Instant};

const BATCH: usize = 64;
const CHECKED_MIN: usize = 16;

/// Decides calls, by their numbers, for one thread.
pub trait Worker: Send {
    fn decide_filled(&mut self, call: usize) -> bool;
    fn decide_bytes(&mut self, call: usize) -> bool;
}

/// A loaded policy, which makes the inputs of requests ready.
pub trait Engine {
    fn worker(&self, requests: &'static [String]) -> Box<dyn Worker>;
}

pub fn read_file(folder: &str, name: &str) -> String {
    std::fs::read_to_string(format!("{folder}/{name}")).expect("a file of the workload")
}

fn resident_kib() -> u64 {
    let counts = read_file("/proc/self", "statm");
    let pages: u64 = counts.split(' ').nth(1).expect("resident").parse().expect("a number");
    pages * 4
}

fn decide(worker: &mut dyn Worker, mode: &str, call: usize) -> bool {
    if mode == "bytes" {
        worker.decide_bytes(call)
    } else {
        worker.decide_filled(call)
    }
}

struct Race {
    engine: Box<dyn Engine>,
    requests: &'static [String],
    answers: Vec<u8>,
    workers: Vec<Box<dyn Worker>>,
}

#[derive(Default)]
struct Timing {
    decisions: usize,
    elapsed: Duration,
    batches: Vec<f64>,
}

impl Race {
    fn make_workers(&mut self, count: usize) {
        while self.workers.len() < count {
            self.workers.push(self.engine.worker(self.requests));
        }
    }

    fn check(&mut self, mode: &str, seconds: f64) -> String {
        self.make_workers(1);
        let begin = Instant::now();
        let mut said = String::new();
        for call in 0..self.requests.len() {
            if call >= CHECKED_MIN && begin.elapsed().as_secs_f64() >= seconds {
                break;
            }
            said.push(if decide(&mut *self.workers[0], mode, call) { '1' } else { '0' });
        }
        said
    }

    fn time(&mut self, mode: &str, threads: usize, calls: usize, limit: Duration) -> String {
        self.make_workers(threads);
        let answers = &self.answers[..calls];
        let barrier = &Barrier::new(threads);
        let timings: Vec<Timing> = std::thread::scope(|scope| {
            let running: Vec<_> = self.workers[..threads]
                .iter_mut()
                .map(|worker| {
                    scope.spawn(move || {
                        barrier.wait();
                        time_one(&mut **worker, mode, answers, limit)
                    })
                })
                .collect();
            running.into_iter().map(|each| each.join().expect("a thread")).collect()
        });
        let mut batches: Vec<f64> = timings.iter().flat_map(|each| each.batches.clone()).collect();
        batches.sort_by(f64::total_cmp);
        let at = |share: f64| batches[(share * (batches.len() - 1) as f64) as usize];
        let elapsed: f64 = timings.iter().map(|each| each.elapsed.as_nanos() as f64).sum();
        let decisions: usize = timings.iter().map(|each| each.decisions).sum();
        let mut line = String::new();
        let _ = write!(
            line,
            r#"{{"ns": {:.2}, "p50_ns": {:.0}, "p99_ns": {:.0}, "p999_ns": {:.0}}}"#,
            elapsed / decisions as f64,
            at(0.5),
            at(0.99),
            at(0.999)
        );
        line
    }
}

fn time_one(worker: &mut dyn Worker, mode: &str, answers: &[u8], limit: Duration) -> Timing {
    let mut timing = Timing::default();
    let begin = Instant::now();
    let mut before = begin;
    let mut first = 0;
    while before - begin < limit {
        let end = (first + BATCH).min(answers.len());
        for call in first..end {
            assert_eq!(decide(worker, mode, call), answers[call] == b'1', "call {call}");
        }
        let now = Instant::now();
        let nanoseconds = (now - before).as_nanos() as f64;
        timing.batches.push(nanoseconds * BATCH as f64 / (end - first) as f64);
        timing.decisions += end - first;
        before = now;
        first = end % answers.len();
    }
    timing.elapsed = before - begin;
    timing
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let (name, folder) = (words[1].as_str(), words[2].as_str());
    let begin = Instant::now();
    let engine: Box<dyn Engine> = match name {
        "cedar" => Box::new(cedar::Cedar::load(folder)),
        _ => Box::new(rego::Regorus::load(folder)),
    };
    let load_s = begin.elapsed().as_secs_f64();
    println!(r#"{{"load_s": {load_s:.6}, "rss_kib": {}, "program_bytes": 0}}"#, resident_kib());
    let requests: Vec<String> = read_file(folder, "calls.jsonl").lines().map(String::from).collect();
    let mut race = Race {
        engine,
        requests: requests.leak(),
        answers: read_file(folder, "answers").into_bytes(),
        workers: Vec::new(),
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words[i].parse::<f64>().expect("a number");
        let said = if words[0] == "check" {
            race.check(words[1], number(2))
        } else {
            let limit = Duration::from_secs_f64(number(4) / 1e3);
            race.time(words[1], number(2) as usize, number(3) as usize, limit)
        };
        println!("{said}");
    }
}
