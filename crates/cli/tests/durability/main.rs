//! The program as it is, under bad luck: killed while it works, at chosen system calls, on a full or damaged disk, asked
//! for too much and for nonsense. docs/durability.md says what is promised and how to run the long versions.

mod kill;
mod ledger;
mod oracle;
mod overload;
mod program;
mod refusals;
mod surroundings;
mod system_calls;
mod target;
