//! Running a step: where the workspace is, the commands that are run in it, and how a step ended.
//!
//! Every command is printed before it runs, in a form that can be pasted into a shell.

use std::{
    env,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// The workspace that the tasks work on.
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    cargo: OsString,
}

impl Workspace {
    /// The workspace that this program belongs to, and the `cargo` that started it.
    pub(crate) fn locate() -> Self {
        // As cargo tells it at run time: a program built in one clone may be run in another that shares its target folder.
        let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let mut root = PathBuf::from(here);
        root.pop();
        Self::at(root)
    }

    /// The workspace at `root`.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root, cargo: env::var_os("CARGO").unwrap_or_else(|| "cargo".into()) }
    }

    #[cfg(test)]
    pub(crate) fn set_cargo(&mut self, cargo: &str) {
        self.cargo = cargo.into();
    }

    /// `cargo` with arguments parted by spaces; no argument may hold one.
    pub(crate) fn cargo(&self, arguments: &str) -> Invocation {
        self.invoke("cargo", self.cargo.clone(), arguments)
    }

    /// Another program from the search path, with arguments as for [`Self::cargo`].
    pub(crate) fn program(&self, name: &'static str, arguments: &str) -> Invocation {
        self.invoke(name, name.into(), arguments)
    }

    /// A program at a path, with arguments as for [`Self::cargo`].
    pub(crate) fn program_at(&self, path: &Path, arguments: &str) -> Invocation {
        let mut invocation = self.invoke("", path.as_os_str().to_owned(), arguments);
        invocation.shown = format!("{} {arguments}", path.display());
        invocation
    }

    /// A program by its path, called `name` where it is shown, with arguments as for [`Self::cargo`].
    pub(crate) fn invoke(&self, name: &'static str, program: OsString, arguments: &str) -> Invocation {
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace()).current_dir(&self.root);
        Invocation { shown: format!("{name} {arguments}"), command }
    }
}

/// A command that is about to run.
pub(crate) struct Invocation {
    shown: String,
    command: Command,
}

impl Invocation {
    /// With one more argument, which may hold spaces.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.shown = format!("{} '{argument}'", self.shown);
        self.command.arg(argument);
        self
    }

    /// Adds to an environment variable that holds flags; what the caller's environment set stays.
    pub(crate) fn append_flags(mut self, variable: &str, flags: &str) -> Self {
        let value = match env::var(variable) {
            Ok(set) if !set.is_empty() => format!("{set} {flags}"),
            Ok(_) | Err(_) => flags.to_owned(),
        };
        self.shown = format!("{variable}='{value}' {}", self.shown);
        self.command.env(variable, value);
        self
    }

    /// Runs it in a folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.shown = format!("cd {} && {}", folder.display(), self.shown);
        self.command.current_dir(folder);
        self
    }

    /// Sets an environment variable to a path.
    pub(crate) fn set(mut self, variable: &str, path: &Path) -> Self {
        self.command.env(variable, path);
        self
    }

    /// Prints the command and runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started or does not exit with 0.
    pub(crate) fn run(mut self) -> Result<()> {
        eprintln!("$ {}", self.shown);
        let status = self.command.status().with_context(|| self.not_started())?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown);
        }
        Ok(())
    }

    /// Runs the command and returns what it wrote to standard output; its errors go to the terminal.
    ///
    /// # Errors
    /// As [`Self::run`], and when the output is not UTF-8.
    pub(crate) fn output(mut self) -> Result<String> {
        eprintln!("$ {}", self.shown);
        let output =
            self.command.stderr(std::process::Stdio::inherit()).output().with_context(|| self.not_started())?;
        if !output.status.success() {
            bail!("`{}` failed ({})", self.shown, output.status);
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote something other than text", self.shown))
    }

    fn not_started(&self) -> String {
        format!("`{}` could not be started (program {:?})", self.shown, self.command.get_program())
    }
}

/// How a step ended.
pub(crate) struct Finished {
    pub(crate) name: &'static str,
    pub(crate) took: Duration,
    /// Why it failed; nothing when it passed.
    pub(crate) failure: Option<String>,
}

impl Finished {
    /// Whether the step found nothing wrong.
    pub(crate) fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "ok" } else { "FAILED" };
        write!(f, "{verdict:6}  {:11}  {:>6.1} s", self.name, self.took.as_secs_f64())?;
        match &self.failure {
            Some(failure) => write!(f, "  {failure}"),
            None => Ok(()),
        }
    }
}

/// One line a step, and a last line with the verdict.
pub(crate) fn summary(finished: &[Finished]) -> String {
    let failed = finished.iter().filter(|step| !step.passed()).count();
    let seconds: f64 = finished.iter().map(|step| step.took.as_secs_f64()).sum();
    let lines: String = finished.iter().map(|step| format!("{step}\n")).collect();
    let verdict = match failed {
        0 => format!("all passed in {seconds:.1} s"),
        failed => format!("{failed} of {} steps failed, after {seconds:.1} s", finished.len()),
    };
    format!("\n== summary\n{lines}{verdict}\n")
}
