//! What the kernel says of its clock.

/// Whether a time service keeps the wall clock synchronised. `None` where the kernel does not say, as in some sandboxes.
#[expect(unsafe_code, reason = "no library that is kept up wraps this call")]
pub fn is_synchronised() -> Option<bool> {
    // SAFETY: `timex` is plain integers, for which zero is a value, and zero in `modes` makes the call a question.
    let mut question: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills in the struct that the pointer leads to, and keeps no pointer to it.
    let state = unsafe { libc::adjtimex(&raw mut question) };
    (state != -1).then_some(state != libc::TIME_ERROR)
}
