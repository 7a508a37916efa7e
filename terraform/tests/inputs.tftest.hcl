# A wrong value is refused with a sentence, before anything is made.

mock_provider "cloudflare" {
  override_during = plan
}

mock_provider "aws" {
  override_during = plan

  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-southeast-1a"] }
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

run "values_of_another_kind_are_refused" {
  command = plan
  variables {
    account_id              = "my account"
    zone_id                 = "example.com"
    zone_name               = "https://example.com"
    zone_plan               = "enterprise"
    shop_name               = "drops.shop"
    operators               = []
    deploy_token_expires_on = "next year"
    copies_bucket           = "My_Copies"
    origin_no               = 90
    dropgate                = { url = "http://example.com/dropgate", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
    cloudflared             = { url = "http://example.com/cloudflared", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
    mail                    = { smtp_url = "smtps://shop:secret@mail.example.com", from = "shop@example.com" }
    sheet                   = { id = "https://docs.google.com/spreadsheets" }
    ssh_public_keys         = []
    ssh_from                = ["my laptop"]
    data_device             = "/dev/sdb"
    data_volume_gib         = 1
  }
  expect_failures = [
    var.account_id,
    var.zone_id,
    var.zone_name,
    var.zone_plan,
    var.shop_name,
    var.operators,
    var.deploy_token_expires_on,
    var.copies_bucket,
    var.origin_no,
    var.dropgate,
    var.cloudflared,
    var.mail,
    var.sheet,
    var.ssh_public_keys,
    var.ssh_from,
    var.data_device,
    var.data_volume_gib,
  ]
}

run "values_that_would_harm_are_refused" {
  command = plan
  variables {
    shop_name       = "origin"
    operators       = ["an"]
    origin_no       = 0
    dropgate        = { url = "https://example.com/'; reboot; '", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
    cloudflared     = { url = "https://example.com/cloudflared", sha256 = "latest" }
    ssh_public_keys = ["-----BEGIN OPENSSH PRIVATE KEY-----"]
    ssh_from        = ["0.0.0.0/0"]
    host            = "lightsail"
    data_device     = "/dev/disk/by-id/scsi-1"
  }
  expect_failures = [
    var.shop_name,
    var.operators,
    var.origin_no,
    var.dropgate,
    var.cloudflared,
    var.ssh_public_keys,
    var.ssh_from,
    var.data_device,
  ]
}

# Apart from the others: a wrong value here keeps Terraform from looking at shop_name and data_device.
run "names_hosts_and_hashes_are_whole" {
  command = plan
  variables {
    origin_name = "a.b"
    ssh_name    = "c.d"
    host        = "hetzner"
    ssh_from    = ["::/0"]
    dropgate    = { url = "https://example.com/dropgate", sha256 = "1111" }
  }
  expect_failures = [
    var.origin_name,
    var.ssh_name,
    var.host,
    var.ssh_from,
    var.dropgate,
  ]
}
