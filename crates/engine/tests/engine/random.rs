//! Random histories from a seed: edits of the stack, faults, kills; then it has to converge, and to go away.

use crate::{Lab, Result, block_here_on};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use wharf_plan::Mode;
use wharf_provider::ErrorKind;
use wharf_testkit::fake::{Call, Fault, Rule};

/// How many; `WHARF_HISTORIES` asks for more, `WHARF_SEED` for a single one.
const HISTORIES: u64 = 1000;

#[test]
fn whatever_happens_it_converges_and_goes_away() -> Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("WHARF_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("WHARF_HISTORIES").unwrap_or(HISTORIES),
    };
    let start = Instant::now();
    // They mostly wait, each for its own.
    let next = AtomicU64::new(seeds.start);
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        return;
                    }
                    if let Err(error) = history(seed) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(format!("seed {seed}: {error}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if number("WHARF_HISTORIES").is_some() {
        let (count, seconds) = (seeds.end - seeds.start, start.elapsed().as_secs());
        let line = format!("{count} random histories in {seconds} s; {} failed", failed.len());
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

fn history(seed: u64) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let lab = Lab::with_fuse();
    let mut text = stack(&mut random);
    for _ in 0..random.random_range(1..5) {
        for _ in 0..random.random_range(0..3) {
            lab.cloud.rule(fault(&mut random));
        }
        let fuse = lab.cloud.fuse();
        let instant = random.random_range(0..40);
        match random.random_range(0..10) {
            0..4 => {
                fuse.set(Some(instant));
                lab.run_or_burn(&text, Mode::Apply)?;
                fuse.set(None);
            }
            4..7 => {
                let other = stack(&mut random);
                overtaken(&lab, &text, &other, instant)?;
            }
            _ => drop(block_here_on(lab.run(&text, Mode::Apply))?),
        }
        lab.cloud.clear_rules();
        text = stack(&mut random);
    }
    block_here_on(lab.converge(&text))?;
    block_here_on(lab.destroy(&text))
}

/// A process stands still until its lock has run out, and another one does its work; then it goes on.
fn overtaken(lab: &Lab, text: &str, other: &str, instant: usize) -> Result<()> {
    let fuse = lab.cloud.fuse();
    fuse.freeze_at(instant);
    thread::scope(|scope| {
        let paused = scope
            .spawn(|| block_here_on(lab.run(text, Mode::Apply)).map(drop).map_err(|error| error.to_string()));
        while !fuse.is_frozen() && !paused.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        let was_frozen = fuse.is_frozen();
        if !was_frozen {
            // It ended before that instant.
            fuse.set(None);
        }
        lab.cloud.clear_rules();
        let result = block_here_on(async {
            let outcome = lab.run(other, Mode::Apply).await?;
            if was_frozen && !outcome.is_complete() {
                return Err(format!("who overtook did not end: {outcome:?}").into());
            }
            lab.agrees()
        });
        let after = lab.store.last();
        fuse.thaw();
        let paused = paused.join().map_err(|_| "the overtaken one panicked")?;
        fuse.set(None);
        result.map_err(|error| format!("overtaking: {error}"))?;
        paused.map_err(|error| format!("overtaken: {error}"))?;
        if lab.store.last() != after {
            return Err("who lost the lock wrote the state".into());
        }
        lab.agrees().map_err(|error| format!("after the overtaken one went on: {error}").into())
    })
}

fn fault(random: &mut StdRng) -> Rule {
    let fault = match random.random_range(0..5) {
        0 => Fault::LoseAnswer,
        1 => Fault::FailAfter,
        2 => Fault::Refuse(ErrorKind::Invalid),
        3 => Fault::Refuse(ErrorKind::Limit),
        _ => Fault::FailBefore,
    };
    let call = match random.random_range(0..4) {
        0 => Call::Finish,
        1 => Call::Update,
        2 => Call::Delete,
        _ => Call::Create,
    };
    Rule::once(fault).on(call).after(random.random_range(0..6))
}

/// A small stack whose parts come, go, change and are replaced from one draw to the next.
fn stack(random: &mut StdRng) -> String {
    let mut text = String::from("resources:\n");
    let cidr = random.random_range(0..3);
    let label = random.random_range(0..3);
    // Without create-first, what is used by something that stays could not go before its successor is there.
    let _ = writeln!(
        text,
        "  network: {{type: fake_network, lifecycle: {{create_before_destroy: true}}, properties: {{cidr: 10.{cidr}.0.0/16, label: l{label}}}}}"
    );
    if random.random_bool(0.8) {
        let keys: Vec<String> = (0..random.random_range(1..4)).map(|key| format!("\"s{key}\"")).collect();
        let _ = writeln!(
            text,
            "  subnet: {{type: fake_subnet, for_each: '${{toset([{}])}}', properties: {{network_id: \"${{network.id}}\", cidr: \"${{each.key}}\"}}}}",
            keys.join(", ")
        );
    }
    if random.random_bool(0.7) {
        let flavor = random.random_range(0..2);
        let _ = writeln!(
            text,
            "  gate: {{type: fake_gate, properties: {{flavor: f{flavor}, network_id: \"${{network.id}}\"}}}}"
        );
        if random.random_bool(0.7) {
            let _ = writeln!(
                text,
                "  attachment: {{type: fake_attachment, properties: {{gate_id: \"${{gate.id}}\", network_id: \"${{network.id}}\"}}}}"
            );
        }
        if random.random_bool(0.7) {
            let (name, size) = (random.random_range(0..2), random.random_range(1..4));
            let _ = writeln!(
                text,
                "  named: {{type: fake_named, properties: {{name: n{name}, size: {size}, password: p{size}, gate_id: \"${{gate.id}}\"}}}}"
            );
        }
    }
    // The same name, another type.
    if random.random_bool(0.5) {
        let _ = match random.random_range(0..3) {
            0 => writeln!(text, "  thing: {{type: fake_network, properties: {{cidr: t{cidr}}}}}"),
            1 => writeln!(text, "  thing: {{type: fake_gate, properties: {{flavor: t{cidr}}}}}"),
            _ => writeln!(text, "  thing: {{type: fake_named, properties: {{name: \"t-${{network.id}}\"}}}}"),
        };
    }
    // Two whose reference turns round.
    let (one, two) = match random.random_range(0..3) {
        0 => ("${two.id}", "x"),
        1 => ("x", "${one.id}"),
        _ => return text,
    };
    let salt = random.random_range(0..2);
    let _ = writeln!(text, "  one: {{type: fake_named, properties: {{name: one{salt}, note: \"{one}\"}}}}");
    let _ = writeln!(text, "  two: {{type: fake_gate, properties: {{flavor: two{salt}, label: \"{two}\"}}}}");
    text
}
