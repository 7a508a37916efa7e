//! Claims about an origin that is killed, stopped, or whose disk fails, in the middle of a rush, or meets
//! clients that do not behave. It is spoken to directly, with the tokens the edge would sign.

mod book;
mod chance;
mod clients;
mod disk;
mod edge;
mod fault;
mod locks;
mod log_tail;
mod points;
mod rounds;
mod rush;
mod shop;
mod stop;
mod verifying;
mod wire;
