# Renders a machine with every part switched on, so that the tools which will read its files can check them.

variable "dropgate" {
  type    = object({ url = string, sha256 = string })
  default = { url = "https://example.com/dropgate", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
}

variable "cloudflared" {
  type    = object({ url = string, sha256 = string })
  default = { url = "https://example.com/cloudflared", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
}

variable "ssh_from" {
  type    = list(string)
  default = ["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/48"]
}

variable "data_device" {
  type    = string
  default = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
}

variable "with_mail_and_sheet" {
  type    = bool
  default = true
}

module "machine" {
  source = "../../machine"

  public_url      = "https://shop.example.com"
  origin_no       = 7
  dropgate        = var.dropgate
  cloudflared     = var.cloudflared
  ssh_public_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtxVt6YRvgXIYbRbvJEd6yvk+7E+3wLk3G1m0hV5oZ1 operator"]
  ssh_from        = var.ssh_from
  data_device     = var.data_device
  mail = var.with_mail_and_sheet ? {
    smtp_url = "smtps://mail.example.com"
    from     = "Tiệm \"Đèn\" $5 <shop@example.com>"
    reply_to = "help@example.com"
    user     = "shop"
  } : null
  sheet = var.with_mail_and_sheet ? { id = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms", personal = true } : null
}

output "user_data" {
  value = module.machine.user_data
}

output "files" {
  value = module.machine.files
}

output "launch_script" {
  value = module.machine.launch_script
}
