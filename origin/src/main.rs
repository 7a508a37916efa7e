use std::process::ExitCode;

/// Purchases allocate small buffers on two threads; with the system's allocator a tenth of the throughput is lost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    origin::cli::main()
}
