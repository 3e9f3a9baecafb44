//! `outage`: break, look, repair, look, many times.

use std::{
    fs, io,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use ipmp_tests::{interrupt, machine};

mod budget;
mod class;
mod conversations;
mod fault;
mod lane;
mod options;
mod picture;
mod progress;
mod rate;
mod results;
mod svg;
mod system;
mod table;
mod trial;

use self::{
    budget::Budget,
    class::Class,
    conversations::Conversations,
    options::Rate,
    progress::Progress,
    results::{Event, LeftOut, Results, Row},
    system::{Kind, Setup},
};

pub(crate) use self::options::Options;

/// Measures, prints and draws. An error is for the user.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    if let Some(file) = &options.draw {
        return redraw(file, options);
    }
    let out = options.out()?;
    let progress = Progress::new();
    let (mut systems, mut left_out) = (Vec::new(), Vec::new());
    for system in options.systems() {
        match system.exists() {
            Ok(()) => systems.push(system),
            Err(why) => left_out.push(LeftOut { system: system.to_string(), why }),
        }
    }
    let classes = options.classes();
    let parts = systems.iter().flat_map(|system| classes.iter().map(|class| system.objection(*class)));
    let mut budget = Budget::new(options.limit(), parts.filter(Option::is_none).count() as u32);
    let (rate, rate_from) = match options.rate() {
        Rate::Fixed(rate) => (rate, "as asked for".to_owned()),
        Rate::Auto => {
            let rate = rate::search(|what| progress.say(what));
            (rate, "the most that a bare path carries without loss".to_owned())
        }
    };
    let mut results = Results {
        command: machine::command(),
        machine: machine::describe(),
        rate,
        rate_from,
        left_out,
        rows: Vec::new(),
    };
    if !options.json {
        introduce(&results);
    }
    let mut broken = Vec::new();
    for system in systems {
        for &class in &classes {
            if system.objection(class).is_none() {
                budget.next();
            }
            let measuring = AssertUnwindSafe(|| measure(system, class, options, rate, &budget, &progress));
            let rows = panic::catch_unwind(measuring).unwrap_or_else(|cause| {
                interrupt::check();
                broken.push(format!("{system}, {class}"));
                // The cause was printed when it happened, and unwinding has cleaned up.
                drop(cause);
                unsupported(system, class, "the measurement itself broke off")
            });
            progress.clear();
            if !options.json {
                table::rows(&rows);
            }
            results.rows.extend(rows);
            // What there is so far is kept, should the run be cut short.
            keep(&results, &out)?;
        }
    }
    let spent = budget.spent().as_secs();
    progress.say(&format!("{} min {} s altogether", spent / 60, spent % 60));
    if options.json {
        println!("{}", json(&results));
    } else {
        table::left_out(&results.left_out);
    }
    for path in keep(&results, &out)? {
        progress.say(&format!("written: {}", path.display()));
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!("could not be measured, for a reason above: {}", broken.join("; ")))
}

fn introduce(results: &Results) {
    machine::introduce(&format!(
        "How long traffic stops, in ms: four numbered streams of {} packets/s ({}), both ways and both families;\n\
         3 members, and the one that fails carries them all. An outage is the longest run of numbers that never arrived, from\n\
         the sending of the first to that of the next one that arrived; after `all` and `switch-restart`, the time from the\n\
         repair to the first arrival. Planned moves (`failback`, `standby-step-down`) are measured at four fifths of that rate.",
        results.rate, results.rate_from
    ));
    table::heading();
}

/// Trials that are made even if there is no time for them.
const LEAST: u32 = 3;

/// All trials of a class with a system of its own.
fn measure(
    kind: Kind,
    class: Class,
    options: &Options,
    rate: u32,
    budget: &Budget,
    progress: &Progress,
) -> Vec<Row> {
    let name = kind.to_string();
    interrupt::check();
    let system = match kind.build(Setup { veth: options.veth, fdt: options.fdt, class }) {
        Ok(system) => system,
        Err(why) => return unsupported(kind, class, &why),
    };
    let conversations = Conversations::open(system.topology(), options.connections());
    let (mut failures, mut repairs, mut ended_by) = (Vec::new(), Vec::new(), None);
    let mut forced = 0;
    let all = options.trials();
    for number in 0..all {
        match trial::run(&*system, class, class.rate(rate), number) {
            Ok(trial) => {
                failures.extend(trial.failure);
                repairs.push(trial.repair);
                forced += trial.forced;
            }
            Err(why) => {
                ended_by = Some(why);
                break;
            }
        }
        progress.step(&format!("{name}, {class}"), number + 1, all, budget.spent());
        if number + 1 >= LEAST.min(all) && number + 1 < all && !budget.allows_more() {
            progress.say(&format!("{name}, {class}: {} trials, the time for it is used up", number + 1));
            break;
        }
    }
    // A system that does not come to rest after its first repair has not lived through it.
    if ended_by.is_none() && repairs.len() == 1 {
        ended_by = trial::until_settled(&*system).err();
    }
    if let Some(why) = &ended_by
        && repairs.len() <= 1
    {
        return unsupported(kind, class, &format!("not well again after the first repair: {why}"));
    }
    let lost = conversations.lost();
    let rows = class.events().iter().map(|&event| {
        let trials = if event == Event::Failure { &failures } else { &repairs };
        Row {
            connections: conversations.count(),
            connections_lost: lost,
            ended_by: ended_by.clone(),
            forced,
            ..Row::measured(&name, class, event, trials)
        }
    });
    rows.collect()
}

/// Rows that say why there are no figures.
fn unsupported(kind: Kind, class: Class, why: &str) -> Vec<Row> {
    let row = |&event: &Event| Row::unsupported(&kind.to_string(), class, event, why);
    class.events().iter().map(row).collect()
}

fn json(results: &Results) -> String {
    serde_json::to_string_pretty(results).expect("it has neither maps nor anything that is not a number")
}

/// Writes the results and their picture, and says where.
fn keep(results: &Results, out: &Path) -> Result<[PathBuf; 2], String> {
    let write = |name: &str, text: String| {
        let path = out.join(name);
        let written = fs::create_dir_all(out).and_then(|()| fs::write(&path, text));
        written.map_err(|error| cannot("write", &path, &error)).map(|()| path)
    };
    Ok([write("outage.json", json(results) + "\n")?, write("outage.svg", picture::draw(results))?])
}

/// Draws an earlier run's results again.
fn redraw(file: &Path, options: &Options) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| cannot("read", file, &error))?;
    let mut results: Results = serde_json::from_str(&text)
        .map_err(|error| format!("{} is not what `bench outage` writes: {error}", file.display()))?;
    results.rows.retain(|row| options.chooses(row));
    if results.rows.is_empty() {
        return Err(format!("{} has nothing of what is chosen", file.display()));
    }
    if !options.json {
        table::all(&results);
    }
    let picture = options.picture(file);
    fs::write(&picture, picture::draw(&results)).map_err(|error| cannot("write", &picture, &error))?;
    Progress::new().say(&format!("written: {}", picture.display()));
    Ok(())
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}
