//! The programs that run side by side under `cargo xtask dev`, and how all of them stop.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// wrangler takes about a second to stop its runtime; the origin finishes its last batch in less.
const STOP_DEADLINE: Duration = Duration::from_secs(8);

const POLL: Duration = Duration::from_millis(50);

enum Event {
    Interrupted,
    Ended { name: &'static str, status: ExitStatus },
}

/// Parts are stopped in the reverse order of their start when this is dropped.
pub(crate) struct Parts {
    running: Vec<(&'static str, Pid)>,
    events: Receiver<Event>,
    sender: Sender<Event>,
}

impl Parts {
    /// From here on Ctrl-C is an event, not the end of this program.
    pub(crate) fn new() -> Result<Parts> {
        let (sender, events) = channel();
        let interrupts = sender.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot handle Ctrl-C")?;
        thread::spawn(move || {
            for _ in signals.forever() {
                // The receiver is gone only when the parts are already being stopped.
                let _ = interrupts.send(Event::Interrupted);
            }
        });
        Ok(Parts { running: Vec::new(), events, sender })
    }

    /// Starts a program whose lines are shown behind its name.
    pub(crate) fn start(&mut self, name: &'static str, command: &mut Command) -> Result<()> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: the terminal's Ctrl-C reaches this program alone, which stops the parts
            // in order, and a part's own children stop with it.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start the {name}: {}", command.get_program().display()))?;
        self.running.push((name, Pid::from_child(&child)));
        show_lines(name, child.stdout.take());
        show_lines(name, child.stderr.take());
        let ended = self.sender.clone();
        thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = ended.send(Event::Ended { name, status });
            }
        });
        Ok(())
    }

    /// Waits until `url` answers 200.
    pub(crate) fn wait_until_ready(&self, name: &str, url: &str, deadline: Duration) -> Result<()> {
        let started = Instant::now();
        loop {
            // First of all, so that a part which could not start is not taken for another program in its place.
            self.watch_for(POLL)?;
            let answer = minreq::get(url).with_timeout(2).send();
            match answer {
                Ok(response) if response.status_code == 200 => return Ok(()),
                _ if started.elapsed() < deadline => {}
                Ok(response) => bail!("{}: status {}", too_late(name, url, deadline), response.status_code),
                Err(error) => return Err(error).context(too_late(name, url, deadline)),
            }
        }
    }

    /// Returns when Ctrl-C was pressed; an error says which part ended by itself.
    pub(crate) fn run_until_interrupted(&self) -> Result<()> {
        match self.events.recv().context("no part is left")? {
            Event::Interrupted => Ok(()),
            ended @ Event::Ended { .. } => ended.into_result(),
        }
    }

    /// Lets `time` pass, unless something ends before.
    pub(crate) fn watch_for(&self, time: Duration) -> Result<()> {
        match self.events.recv_timeout(time) {
            Ok(event) => event.into_result(),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => bail!("no part is left"),
        }
    }
}

impl Event {
    fn into_result(self) -> Result<()> {
        match self {
            Event::Interrupted => bail!("interrupted"),
            Event::Ended { name, status } => {
                bail!("the {name} ended by itself ({status}); its last lines are above")
            }
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if self.running.is_empty() {
            return;
        }
        println!("\nStopping everything.");
        while let Some((name, group)) = self.running.pop() {
            stop(name, group);
        }
    }
}

fn too_late(name: &str, url: &str, deadline: Duration) -> String {
    format!("the {name} is not ready after {} s: {url}", deadline.as_secs())
}

fn stop(name: &str, group: Pid) {
    let started = Instant::now();
    // Fails only when the group has ended already, which the loop finds as well.
    let _ = kill_process_group(group, Signal::TERM);
    while test_kill_process_group(group).is_ok() {
        if started.elapsed() > STOP_DEADLINE {
            println!("The {name} does not stop: killing it.");
            let _ = kill_process_group(group, Signal::KILL);
            return;
        }
        thread::sleep(POLL);
    }
}

fn show_lines(name: &'static str, output: Option<impl Read + Send + 'static>) {
    let Some(output) = output else { return };
    thread::spawn(move || {
        // Bytes, not `lines()`: one line that is not UTF-8 must not end the reading and block the part.
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            println!("{name:>9} | {}", String::from_utf8_lossy(&line).trim_end());
        }
    });
}
