//! Claims about an origin under load that is killed, stopped, or whose disk fails, and about clients that break the
//! protocol. The tests send requests to the origin directly, with the tokens that the edge would sign.

mod clients;
mod clock;
mod disk;
mod disk_fault;
mod edge;
mod expectations;
mod failpoints;
mod file_modes;
mod load;
mod locks;
mod log_tail;
mod old_file;
mod payouts;
mod random;
mod raw_http;
mod rounds;
mod settings;
mod stop;
mod tested_origin;
mod verify;
mod wall_clock;
