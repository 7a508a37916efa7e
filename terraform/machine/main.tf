# What makes a fresh Debian 12 machine the origin. This module needs no provider: its output is text, which any
# provider takes as user data. The text holds no secret, because every provider shows user data to the machine's
# programs and keeps it in the state.

locals {
  data_folder = "/var/lib/dropgate"

  settings = merge(
    {
      DROPGATE_DATA       = "${local.data_folder}/data"
      DROPGATE_PUBLIC_URL = var.public_url
      DROPGATE_ORIGIN_NO  = var.origin_no
    },
    { for name, value in {
      DROPGATE_SMTP_URL        = try(var.mail.smtp_url, null)
      DROPGATE_MAIL_FROM       = try(var.mail.from, null)
      DROPGATE_MAIL_REPLY_TO   = try(var.mail.reply_to, null)
      DROPGATE_SMTP_USER       = try(var.mail.user, null)
      DROPGATE_SHEETS_ID       = try(var.sheet.id, null)
      DROPGATE_SHEETS_TAB      = try(var.sheet.tab, null)
      DROPGATE_SHEETS_PERSONAL = try(var.sheet.personal, null) == true ? "1" : null
    } : name => value if value != null },
  )

  # The format of EnvironmentFile: a value in double quotes, with a backslash before what would end or change it.
  settings_file = join("", [for name, value in local.settings : "${name}=\"${replace(value, "/([\"\\\\$`])/", "\\$1")}\"\n"])

  # The origin's secrets, each a credential of this name. It starts once all of them are there.
  secrets = concat(
    ["dropgate.env"],
    try(var.mail.user, null) == null ? [] : ["smtp-password"],
    var.sheet == null ? [] : ["sheets-key"],
  )

  # [path, mode, content]
  files = [
    ["/etc/dropgate/origin.env", "0644", local.settings_file],
    ["/etc/systemd/system/dropgate.service", "0644", templatefile("${path.module}/files/dropgate.service", {
      data_folder = local.data_folder
      secrets     = local.secrets
    })],
    ["/etc/systemd/system/cloudflared.service", "0644", file("${path.module}/files/cloudflared.service")],
    ["/etc/nftables.conf", "0755", templatefile("${path.module}/files/nftables.conf", {
      ssh_from_ipv4 = [for block in var.ssh_from : block if !strcontains(block, ":")]
      ssh_from_ipv6 = [for block in var.ssh_from : block if strcontains(block, ":")]
    })],
    ["/etc/ssh/sshd_config.d/10-dropgate.conf", "0644", file("${path.module}/files/sshd.conf")],
    ["/etc/apt/apt.conf.d/60dropgate", "0644", file("${path.module}/files/apt.conf")],
    ["/etc/sysctl.d/60-dropgate.conf", "0644", file("${path.module}/files/sysctl.conf")],
    ["/usr/local/sbin/fetch-pinned", "0755", file("${path.module}/files/fetch-pinned")],
    ["/usr/local/sbin/store-secret", "0755", file("${path.module}/files/store-secret")],
    ["/usr/local/sbin/shop", "0755", templatefile("${path.module}/files/shop", { secrets = local.secrets })],
    ["/usr/local/lib/dropgate/with-secrets", "0755", file("${path.module}/files/with-secrets")],
    ["/usr/local/lib/dropgate/set-up", "0755", templatefile("${path.module}/files/set-up", {
      data_folder = local.data_folder
      data_device = var.data_device == null ? "" : var.data_device
      dropgate    = var.dropgate
      cloudflared = var.cloudflared
    })],
  ]

  cloud_config = {
    users = [
      {
        # Not "operator": Debian has a group of that name, and useradd refuses it.
        name                = "ops"
        shell               = "/bin/bash"
        lock_passwd         = true
        sudo                = "ALL=(ALL) NOPASSWD:ALL"
        ssh_authorized_keys = var.ssh_public_keys
      },
      { name = "dropgate", system = true, no_create_home = true, homedir = local.data_folder, shell = "/usr/sbin/nologin" },
    ]
    disable_root    = true
    ssh_pwauth      = false
    timezone        = "UTC"
    package_update  = true
    package_upgrade = true
    packages        = ["ca-certificates", "chrony", "curl", "nftables", "unattended-upgrades"]
    write_files     = [for file in local.files : { path = file[0], permissions = file[1], content = file[2] }]
    runcmd          = [["/usr/local/lib/dropgate/set-up"]]
  }
}
