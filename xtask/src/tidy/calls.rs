//! What code may call depends on where it stands: the absences that make `dsl` and `engine` pure, the one way out, the
//! one place that starts background work.

use super::code::{mentions, used_paths, without_comments_and_texts};
use super::tree::{Tree, is_test};
use super::{Finding, tree::File};

struct Ban {
    needles: &'static [&'static str],
    /// Where the ban holds; empty means everywhere.
    inside: &'static [&'static str],
    /// Files and directories that may, in spite of it.
    except: &'static [&'static str],
    reach: Reach,
    why: &'static str,
}

#[derive(Clone, Copy)]
enum Reach {
    Code,
    Tests,
    CodeAndTests,
}

const PURE: &[&str] = &["crates/dsl/", "crates/engine/"];

const BANS: &[Ban] = &[
    Ban {
        needles: &["std::env", "env::var", "env::vars", "env::var_os"],
        inside: &["crates/", "sim/"],
        except: &["crates/cli/"],
        reach: Reach::Code,
        why: "only `cli` reads configuration; take it as an argument",
    },
    Ban {
        needles: &[
            "SystemTime::now",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
        ],
        inside: PURE,
        // The deadline of one evaluation: it can end a task with an error, never change a value.
        except: &["crates/dsl/src/expr/meter.rs"],
        reach: Reach::Code,
        why: "time is an argument here",
    },
    Ban {
        needles: &[
            "now_v7",
            "new_v4",
            "thread_rng",
            "getrandom",
            "RandomState",
            "rand::random",
        ],
        inside: PURE,
        except: &[],
        reach: Reach::CodeAndTests,
        why: "entropy is an argument here",
    },
    Ban {
        needles: &[
            "tokio",
            "async",
            "std::fs",
            "std::net",
            "std::process",
            "std::thread",
        ],
        inside: PURE,
        except: &[],
        reach: Reach::Code,
        why: "`dsl` and `engine` do no input or output",
    },
    Ban {
        needles: &["tokio::spawn", "task::spawn", "spawn_blocking", "JoinSet"],
        inside: &["crates/"],
        except: &[
            "crates/runtime/",
            "crates/cli/",
            // One task per connection: accepting is bounded there, before any request exists.
            "crates/api/src/serve.rs",
        ],
        reach: Reach::Code,
        why: "only `runtime` starts background work",
    },
    Ban {
        needles: &[
            "unbounded_channel",
            "UnboundedSender",
            "UnboundedReceiver",
            "mpsc::channel()",
            "mpsc::unbounded",
        ],
        inside: &[],
        except: &[],
        reach: Reach::CodeAndTests,
        why: "a queue has a limit with a name",
    },
    Ban {
        needles: &[
            "reqwest::Client",
            "Client::builder",
            "ClientBuilder",
            "reqwest::get",
            "reqwest::blocking",
            "TcpStream::connect",
            "TcpStream::connect_timeout",
            "TcpSocket",
        ],
        inside: &["crates/"],
        except: &[
            "crates/connectors/src/egress.rs",
            "crates/connectors/src/egress/",
            // The command line talks to its own server, at the address its user gave.
            "crates/cli/src/client.rs",
        ],
        reach: Reach::Code,
        why: "all outbound traffic goes through `connectors::egress`",
    },
    Ban {
        needles: &["thread::sleep", "time::sleep"],
        inside: &["crates/"],
        // They wait for a program that they started.
        except: &["crates/cli/"],
        reach: Reach::Tests,
        why: "a test waits for a signal or advances the clock",
    },
    Ban {
        needles: &["process::exit", "process::abort"],
        inside: &["crates/"],
        except: &["crates/cli/src/main.rs"],
        reach: Reach::CodeAndTests,
        why: "only the program decides about its end",
    },
    Ban {
        needles: &["unsafe"],
        inside: &[],
        // Files that had to; each says why at the place.
        except: &[
            // A disk that fails, for tests: SQLite's interface for disks is C. Only with the feature `faults`.
            "crates/store/src/sqlite/faulty_vfs.rs",
        ],
        reach: Reach::CodeAndTests,
        why: "no `unsafe` outside the files named in xtask/src/tidy/calls.rs",
    },
    Ban {
        needles: &["#[ignore"],
        inside: &[],
        except: &[],
        reach: Reach::CodeAndTests,
        why: "nothing is skipped in silence; slow tests look at SLOW_TESTS and say so",
    },
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let bans: Vec<&Ban> = BANS.iter().filter(|ban| ban.holds_in(&file.path)).collect();
    let code = without_comments_and_texts(&file.text);
    let mut findings = Vec::new();
    let mut judge = |index: usize, code: &str| {
        for ban in &bans {
            if let Some(needle) = ban.needles.iter().find(|needle| mentions(code, needle)) {
                let message = format!("`{needle}`: {}", ban.why);
                findings.push(Finding::at(&file.path, index, message));
            }
        }
    };
    for (index, line) in code.lines().enumerate() {
        judge(index, line);
    }
    for (index, path) in used_paths(&code) {
        judge(index, &path);
    }
    findings.dedup();
    findings
}

impl Ban {
    fn holds_in(&self, path: &str) -> bool {
        let is_inside = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
        (self.inside.is_empty() || is_inside(self.inside))
            && !is_inside(self.except)
            && self.reach.covers(is_test(path))
    }
}

impl Reach {
    fn covers(self, is_test: bool) -> bool {
        match self {
            Self::Code => !is_test,
            Self::Tests => is_test,
            Self::CodeAndTests => true,
        }
    }
}

#[cfg(test)]
mod tests;
