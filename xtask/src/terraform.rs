//! The checks of `terraform/`: form, validity and tests against the schemas of both providers, without an account.
//!
//! AWS's provider is the real one. Cloudflare's is a stand-in that knows the schemas of one release and nothing else, so
//! that the tests need neither an account nor the network: `terraform/tests/cloudflare-stand-in`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{machine, root, step, terraform_copy::TerraformCopy, tools};

/// The release of Cloudflare's provider from whose schemas the package below was made; the newest that has one.
const CLOUDFLARE_VERSION: &str = "5.14.0";

const SCHEMA_PACKAGE: &str = "@cdktf/provider-cloudflare@13.9.1";

/// As the registry signs the package.
const SCHEMA_INTEGRITY: &str =
    "sha512-8O8Kot+yWYyhgHjrQEyqZ3V5eyt3eRigYrTbSrbB5cy/Q5cWFPCwJ9OxTJpPIJZkplCW+cYXsCSA7GrNTtS1hw==";

const VERSION_MIN: (u32, u32) = (1, 11);

/// Where providers lie on a machine that fetches none: the folders that Terraform searches itself, and those of
/// programs that were put into /opt.
const PROVIDER_FOLDERS: [&str; 2] = ["/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"];

const AWS: &str = "registry.terraform.io/hashicorp/aws";
const CLOUDFLARE: &str = "registry.terraform.io/cloudflare/cloudflare";

pub(crate) fn check() -> Result<()> {
    check_version()?;
    step::run(
        "Format of terraform/",
        step::command("terraform").args(["-chdir=terraform", "fmt", "-check", "-diff", "-recursive"]),
    )?;
    let folder = tools::folder().join("terraform");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let settings = folder.join("terraform.tfrc");
    fs::write(&settings, provider_settings(&stand_in(&folder)?))?;
    let terraform = TerraformCopy { sources: copy_of_sources(&folder)?, settings };
    step::run(
        "Providers of terraform/ (first time minutes, where AWS's has to be fetched)",
        &mut terraform.command(".", &["init", "-backend=false", "-no-color"]),
    )?;
    step::run("Validity of terraform/", &mut terraform.command(".", &["validate", "-no-color"]))?;
    step::run("Tests of terraform/ (about 1 minute)", &mut terraform.command(".", &["test", "-no-color"]))?;
    machine::check(&terraform, &folder.join("machine"))
}

fn check_version() -> Result<()> {
    let (major, minor) = VERSION_MIN;
    let needed =
        format!("Terraform {major}.{minor} or newer is needed (https://developer.hashicorp.com/terraform/install)");
    let mut command = Command::new("terraform");
    command.args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1");
    let answer = step::output(&mut command).with_context(|| format!("{needed}, and `terraform` does not run"))?;
    let answer: serde_json::Value = serde_json::from_str(&answer).context("terraform version -json is no JSON")?;
    let version = answer["terraform_version"].as_str().unwrap_or_default();
    match parsed_version(version) {
        Some(found) if found >= VERSION_MIN => Ok(()),
        _ => bail!("{needed}, and `terraform` is {version}"),
    }
}

fn parsed_version(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// A folder of providers with the stand-in in it.
fn stand_in(folder: &Path) -> Result<PathBuf> {
    let schemas = folder.join(format!("cloudflare-{CLOUDFLARE_VERSION}.json"));
    let reader = root().join("terraform/tests/cloudflare-stand-in/schema.mjs");
    if tools::modified(&schemas) < tools::modified(&reader) {
        read_schemas(folder, &reader, &schemas)?;
    }
    let server = root().join("terraform/tests/cloudflare-stand-in/server.mjs");
    let program = format!("#!/bin/sh\nexec node '{}' '{}'\n", server.display(), schemas.display());
    let providers = folder.join("providers");
    let platform = providers.join(CLOUDFLARE).join(CLOUDFLARE_VERSION).join(platform()?);
    fs::create_dir_all(&platform)?;
    let file = platform.join(format!("terraform-provider-cloudflare_v{CLOUDFLARE_VERSION}"));
    fs::write(&file, program).with_context(|| format!("cannot write {}", file.display()))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(providers)
}

fn read_schemas(folder: &Path, reader: &Path, schemas: &Path) -> Result<()> {
    let package = folder.join("package");
    if package.exists() {
        fs::remove_dir_all(&package)?;
    }
    // Packed and not installed: the package asks for a whole framework, and only its text is read.
    let mut pack = step::command("npm");
    pack.args(["pack", SCHEMA_PACKAGE, "--json", "--silent", "--pack-destination"]).arg(folder);
    let packed = step::output(&mut pack).context("cannot fetch the schemas of Cloudflare's provider")?;
    let packed: serde_json::Value = serde_json::from_str(&packed).context("npm pack printed no JSON")?;
    let (file, integrity) = (&packed[0]["filename"], &packed[0]["integrity"]);
    ensure!(*integrity == SCHEMA_INTEGRITY, "{SCHEMA_PACKAGE} has another content: {integrity}");
    let archive = folder.join(file.as_str().context("npm pack named no file")?);
    step::output(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder))?;
    step::run(
        "Reading the schemas of Cloudflare's provider",
        step::command("node").arg(reader).arg(&package).arg(schemas),
    )?;
    fs::remove_dir_all(&package)?;
    fs::remove_file(&archive)?;
    Ok(())
}

fn platform() -> Result<String> {
    let system = std::env::consts::OS.replace("macos", "darwin");
    match std::env::consts::ARCH {
        "x86_64" => Ok(format!("{system}_amd64")),
        "aarch64" => Ok(format!("{system}_arm64")),
        other => bail!("no provider for {other}"),
    }
}

fn provider_settings(stand_in: &Path) -> String {
    let stand_in = stand_in.display();
    let aws = match installed_aws() {
        Some(folder) => format!("filesystem_mirror {{\n    path    = \"{}\"\n", folder.display()),
        None => "direct {\n".to_owned(),
    };
    format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path    = \"{stand_in}\"\n    include = [\"{CLOUDFLARE}\"]\n  }}\n  {aws}    include = [\"{AWS}\"]\n  }}\n}}\n"
    )
}

fn installed_aws() -> Option<PathBuf> {
    let optional = fs::read_dir("/opt").into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let folders = PROVIDER_FOLDERS.iter().map(PathBuf::from).chain(optional);
    folders.into_iter().find(|folder| folder.join(AWS).is_dir())
}

fn copy_of_sources(folder: &Path) -> Result<PathBuf> {
    let copy = folder.join("sources");
    fs::create_dir_all(&copy)?;
    // What Terraform keeps between runs stays: its providers are half a gigabyte.
    for entry in fs::read_dir(&copy)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with(".terraform") {
            fs::remove_dir_all(&path)?;
        } else if path.is_file() {
            fs::remove_file(&path)?;
        }
    }
    let mut files = step::command("git");
    files.args(["ls-files", "--cached", "--others", "--exclude-standard", "terraform"]);
    let files = step::output(&mut files).context("cannot list the files of terraform/")?;
    for file in files.lines().filter(|file| root().join(file).is_file()) {
        let target = copy.join(file.strip_prefix("terraform/").unwrap_or(file));
        fs::create_dir_all(target.parent().unwrap_or(&copy))?;
        fs::copy(root().join(file), &target).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(parsed_version("1.11.4"), Some((1, 11)));
        assert!(parsed_version("1.9.8") < Some(VERSION_MIN));
        assert_eq!(parsed_version("nonsense"), None);
    }
}
