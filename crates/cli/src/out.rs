//! Standard output. A reader that has seen enough (`| head`) is not an error, and any other failure to write is told.

use std::{
    fmt::Arguments,
    io::{self, ErrorKind, Write},
};

/// Writes a line and sends it off, so that whoever waits for it has it.
pub fn line(text: Arguments<'_>) {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => {
            eprintln!("error: cannot write to standard output: {error}");
            std::process::exit(crate::exit::Exit::Failure as i32);
        }
    }
}

/// `println!` through [`line`].
macro_rules! say {
    ($($text:tt)*) => { $crate::out::line(format_args!($($text)*)) };
}
pub(crate) use say;
