# A machine at another provider. AWS's provider is the real one and not mocked: it must start without an account.

mock_provider "cloudflare" {
  mock_data "cloudflare_zero_trust_tunnel_cloudflared_token" {
    defaults = { token = "the-token-of-the-tunnel" }
  }
  mock_resource "cloudflare_account_token" {
    defaults = { value = "the-token-of-deployments" }
  }
}

variables {
  account_id      = "0123456789abcdef0123456789abcdef"
  zone_id         = "fedcba9876543210fedcba9876543210"
  zone_name       = "example.com"
  operators       = ["an@example.com"]
  host            = "none"
  ssh_public_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtxVt6YRvgXIYbRbvJEd6yvk+7E+3wLk3G1m0hV5oZ1 an"]
  dropgate        = { url = "https://example.com/dropgate", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
  cloudflared     = { url = "https://example.com/cloudflared", sha256 = "2222222222222222222222222222222222222222222222222222222222222222" }
}

run "a_machine_gets_what_it_needs_and_no_secret" {
  # The tunnel has its token once it is made.
  command = apply

  assert {
    condition     = startswith(output.user_data, "#cloud-config\n") && can(yamldecode(output.user_data))
    error_message = "cloud-init would not take the user data"
  }
  assert {
    condition     = !strcontains(output.user_data, "the-token-of-the-tunnel") && !strcontains(output.user_data, "the-token-of-deployments")
    error_message = "a secret is in the user data"
  }
  assert {
    condition     = output.machine_address == null
    error_message = "there is a machine"
  }

  assert {
    condition     = { for file in yamldecode(output.user_data).write_files : file.path => { permissions = file.permissions, content = file.content } } == module.machine.files
    error_message = "the user data write other files"
  }
  assert {
    condition     = yamldecode(output.user_data).runcmd == [["/usr/local/lib/dropgate/set-up"]]
    error_message = "the user data run something else"
  }
  assert {
    condition     = yamldecode(output.user_data).disable_root && !yamldecode(output.user_data).ssh_pwauth
    error_message = "root or a password gets in"
  }
  assert {
    condition     = [for user in yamldecode(output.user_data).users : user.name] == ["ops", "dropgate"]
    error_message = "there are other users"
  }
  assert {
    condition     = yamldecode(output.user_data).users[0].lock_passwd && yamldecode(output.user_data).users[0].ssh_authorized_keys == [var.ssh_public_keys[0]]
    error_message = "people log in by something else"
  }

  assert {
    condition = strcontains(output.user_data,
    "fetch-pinned 'https://example.com/dropgate' 1111111111111111111111111111111111111111111111111111111111111111 /usr/local/bin/dropgate\n")
    error_message = "the origin's program is not the pinned one"
  }
  assert {
    condition = strcontains(output.user_data,
    "fetch-pinned 'https://example.com/cloudflared' 2222222222222222222222222222222222222222222222222222222222222222 /usr/local/bin/cloudflared\n")
    error_message = "cloudflared is not the pinned one"
  }

  assert {
    condition     = [for line in split("\n", module.machine.files["/etc/systemd/system/dropgate.service"].content) : line if strcontains(line, "/etc/credstore.encrypted/")] == ["ConditionPathExists=/etc/credstore.encrypted/dropgate.env", "LoadCredentialEncrypted=dropgate.env:/etc/credstore.encrypted/dropgate.env"]
    error_message = "the origin waits for other secrets"
  }

  assert {
    condition     = !strcontains(module.machine.files["/etc/nftables.conf"].content, "elements")
    error_message = "an address may use SSH"
  }

  assert {
    condition     = !strcontains(output.user_data, "fstab")
    error_message = "something is mounted"
  }
}

run "mail_a_disk_and_ssh_are_set_up_when_asked_for" {
  command = plan
  variables {
    origin_no   = 7
    ssh_from    = ["203.0.113.7/32", "2001:db8::/48"]
    data_device = "/dev/disk/by-id/scsi-0HC_Volume_1"
    mail        = { smtp_url = "smtps://mail.example.com", from = "Tiệm \"Đèn\" $5 <shop@example.com>", user = "shop" }
    sheet       = { id = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms", tab = "Đơn hàng", personal = true }
  }

  assert {
    condition     = module.machine.files["/etc/dropgate/origin.env"].content == <<-SETTINGS
      DROPGATE_DATA="/var/lib/dropgate/data"
      DROPGATE_MAIL_FROM="Tiệm \"Đèn\" \$5 <shop@example.com>"
      DROPGATE_ORIGIN_NO="7"
      DROPGATE_PUBLIC_URL="https://shop.example.com"
      DROPGATE_SHEETS_ID="1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
      DROPGATE_SHEETS_PERSONAL="1"
      DROPGATE_SHEETS_TAB="Đơn hàng"
      DROPGATE_SMTP_URL="smtps://mail.example.com"
      DROPGATE_SMTP_USER="shop"
    SETTINGS
    error_message = "the origin's settings are others, or are written so that systemd reads others"
  }
  assert {
    condition = alltrue([for secret in ["smtp-password", "sheets-key"] :
      strcontains(module.machine.files["/etc/systemd/system/dropgate.service"].content, "\nConditionPathExists=/etc/credstore.encrypted/${secret}\n") &&
      strcontains(module.machine.files["/etc/systemd/system/dropgate.service"].content, "\nLoadCredentialEncrypted=${secret}:/etc/credstore.encrypted/${secret}\n") &&
    strcontains(module.machine.files["/usr/local/sbin/shop"].content, " --property=LoadCredentialEncrypted=${secret}:/etc/credstore.encrypted/${secret} \\\n")])
    error_message = "a secret does not reach the origin and its command line"
  }

  assert {
    condition     = strcontains(module.machine.files["/etc/nftables.conf"].content, "elements = { 203.0.113.7/32 }\n") && strcontains(module.machine.files["/etc/nftables.conf"].content, "elements = { 2001:db8::/48 }\n")
    error_message = "other addresses may use SSH"
  }

  assert {
    condition     = strcontains(output.user_data, "/dev/disk/by-id/scsi-0HC_Volume_1 /var/lib/dropgate ext4 noatime,nodev,nosuid,noexec,nofail,x-systemd.makefs,")
    error_message = "the disk is not mounted"
  }
}
