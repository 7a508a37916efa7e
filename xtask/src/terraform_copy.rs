//! The program that both the checks of `terraform/` and those of a rendered machine run.

use std::{path::PathBuf, process::Command};

/// Terraform in a copy of the sources: its lock file and its providers must not lie where those of a real deployment do.
pub(crate) struct TerraformCopy {
    pub(crate) sources: PathBuf,
    pub(crate) settings: PathBuf,
}

impl TerraformCopy {
    pub(crate) fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .current_dir(self.sources.join(folder))
            .args(arguments)
            .env("TF_CLI_CONFIG_FILE", &self.settings)
            // The stand-in speaks without encryption, over loopback.
            .env("TF_DISABLE_PLUGIN_TLS", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1");
        command
    }
}
