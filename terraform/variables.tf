# Cloudflare

variable "account_id" {
  description = "Cloudflare's id of the account."
  type        = string
  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.account_id))
    error_message = "account_id is 32 hexadecimal digits. The dashboard shows it on the overview page of the domain."
  }
}

variable "zone_id" {
  description = "Cloudflare's id of the domain."
  type        = string
  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.zone_id))
    error_message = "zone_id is 32 hexadecimal digits. The dashboard shows it on the overview page of the domain."
  }
}

variable "zone_name" {
  description = "The domain at Cloudflare, such as example.com. Its settings become those of cloudflare.tf."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.zone_name))
    error_message = "zone_name is a domain in small letters, such as example.com, without https:// and without a path."
  }
}

variable "zone_plan" {
  description = "Cloudflare's plan of the domain. The free one takes a single rate limit, and that by path alone."
  type        = string
  default     = "free"
  validation {
    condition     = contains(["free", "pro", "business"], var.zone_plan)
    error_message = "zone_plan is free, pro or business."
  }
}

variable "shop_name" {
  description = "What stands before the domain in the shop's address: shop for shop.example.com. Empty: the domain itself."
  type        = string
  default     = "shop"
  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$", var.shop_name))
    error_message = "shop_name is one label, such as shop, or empty: Cloudflare's certificate covers no deeper names."
  }
  validation {
    condition     = !contains([var.origin_name, var.ssh_name], var.shop_name) && var.origin_name != var.ssh_name
    error_message = "shop_name, origin_name and ssh_name must differ: each leads to another place."
  }
}

variable "origin_name" {
  description = "What stands before the domain in the origin's address, which only the Worker uses."
  type        = string
  default     = "origin"
  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.origin_name))
    error_message = "origin_name is one label, such as origin: Cloudflare's certificate covers no deeper names."
  }
}

variable "ssh_name" {
  description = "What stands before the domain in the address of SSH through the tunnel."
  type        = string
  default     = "ssh"
  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.ssh_name))
    error_message = "ssh_name is one label, such as ssh: Cloudflare's certificate covers no deeper names."
  }
}

variable "worker_name" {
  description = "The Worker that `wrangler deploy --env production` makes."
  type        = string
  default     = "dropgate-edge-production"
}

variable "operators" {
  description = "E-mail addresses of the people who operate the shop. Cloudflare Access lets them, and no others, reach SSH and /admin."
  type        = list(string)
  validation {
    condition     = length(var.operators) > 0 && alltrue([for email in var.operators : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "operators is a list of at least one e-mail address."
  }
}

variable "deploy_token_expires_on" {
  description = "When the token for `wrangler deploy` ends, such as 2027-01-31T00:00:00Z. Null: when it is destroyed."
  type        = string
  default     = null
  validation {
    condition     = var.deploy_token_expires_on == null || can(formatdate("YYYY", var.deploy_token_expires_on))
    error_message = "deploy_token_expires_on is a time such as 2027-01-31T00:00:00Z."
  }
}

variable "copies_bucket" {
  description = "Name of an R2 bucket for copies of the database. Null: no bucket. Nothing writes to it yet."
  type        = string
  default     = null
  validation {
    condition     = var.copies_bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.copies_bucket))
    error_message = "copies_bucket is 3 to 63 small letters, digits and hyphens, as R2 wants it."
  }
}

# The origin's program and settings

variable "origin_no" {
  description = "1 to 89, part of every order code. It never changes for a database."
  type        = number
  default     = 1
  validation {
    condition     = var.origin_no >= 1 && var.origin_no <= 89 && floor(var.origin_no) == var.origin_no
    error_message = "origin_no is a whole number from 1 to 89."
  }
}

variable "dropgate" {
  description = "Where the machine fetches the origin's program (x86-64, Debian 12), and the SHA-256 that it must have."
  type        = object({ url = string, sha256 = string })
  validation {
    condition     = can(regex("^https://[^\\s'\"]+$", var.dropgate.url))
    error_message = "dropgate.url begins with https:// and has no spaces or quotes."
  }
  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.dropgate.sha256))
    error_message = "dropgate.sha256 is 64 hexadecimal digits, as `sha256sum` prints them."
  }
}

variable "cloudflared" {
  description = "Where the machine fetches cloudflared (x86-64, 2025.4 or newer), and its SHA-256; the release page has both."
  type        = object({ url = string, sha256 = string })
  validation {
    condition     = can(regex("^https://[^\\s'\"]+$", var.cloudflared.url))
    error_message = "cloudflared.url begins with https:// and has no spaces or quotes."
  }
  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.cloudflared.sha256))
    error_message = "cloudflared.sha256 is 64 hexadecimal digits, as `sha256sum` prints them."
  }
}

variable "mail" {
  description = "The mail server, or null for a shop that sends no mail. The password comes later: `store-secret smtp-password`."
  type        = object({ smtp_url = string, from = string, reply_to = optional(string), user = optional(string) })
  default     = null
  validation {
    condition     = var.mail == null || can(regex("^smtps?://[^\\s@/]+$", var.mail.smtp_url))
    error_message = "mail.smtp_url is smtps://HOST or smtp://HOST. Name and password do not belong into it."
  }
}

variable "sheet" {
  description = "The Google sheet that shows the orders, or null. The key of its service account comes later: `store-secret sheets-key`."
  type        = object({ id = string, tab = optional(string), personal = optional(bool) })
  default     = null
  validation {
    condition     = var.sheet == null || can(regex("^[A-Za-z0-9_-]{20,}$", var.sheet.id))
    error_message = "sheet.id is the part of the sheet's address between /d/ and /edit."
  }
}

# The machine

variable "host" {
  description = "Where the origin runs: none (another provider takes the output user_data), lightsail or ec2."
  type        = string
  validation {
    condition     = contains(["none", "lightsail", "ec2"], var.host)
    error_message = "host is none, lightsail or ec2."
  }
}

variable "ssh_public_keys" {
  description = "Public SSH keys of the people who operate the machine."
  type        = list(string)
  validation {
    condition     = length(var.ssh_public_keys) > 0 && alltrue([for key in var.ssh_public_keys : can(regex("^(ssh-ed25519|ecdsa-sha2-nistp256|sk-ssh-ed25519@openssh.com|ssh-rsa) AAAA[A-Za-z0-9+/=]+( .*)?$", key))])
    error_message = "ssh_public_keys is a list of at least one public key, as a file ~/.ssh/id_ed25519.pub has it. Never a private key."
  }
}

variable "ssh_from" {
  description = "Addresses that may use SSH directly, as CIDR blocks. Needed until the tunnel has its token; then empty it."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for block in var.ssh_from : can(cidrhost(block, 0)) && !endswith(block, "/0")])
    error_message = "ssh_from is a list of CIDR blocks such as 203.0.113.7/32, and none of them is the whole internet."
  }
}

variable "data_device" {
  description = "With host = none: the disk for the database, such as /dev/disk/by-id/scsi-0HC_Volume_1. Null: the system's disk."
  type        = string
  default     = null
  validation {
    condition     = var.data_device == null || can(regex("^/dev/disk/by-id/[A-Za-z0-9._:-]+$", var.data_device))
    error_message = "data_device is a path under /dev/disk/by-id, because other names of a disk change from start to start."
  }
  validation {
    condition     = var.data_device == null || var.host == "none"
    error_message = "data_device is for host = none. At EC2 the configuration makes the disk and knows its name."
  }
}

variable "aws_region" {
  description = "The region at AWS. Singapore is the nearest to Vietnam."
  type        = string
  default     = "ap-southeast-1"
}

variable "ec2_instance_type" {
  description = "The machine at EC2. For a large drop take one that is not burstable, such as c7a.xlarge."
  type        = string
  default     = "t3a.small"
}

variable "lightsail_bundle" {
  description = "The machine at Lightsail. All of them are burstable."
  type        = string
  default     = "small_3_0"
}

variable "data_volume_gib" {
  description = "The size of the disk for the database at EC2. It can grow later, and never shrink."
  type        = number
  default     = 10
  validation {
    condition     = var.data_volume_gib >= 4 && var.data_volume_gib <= 1024
    error_message = "data_volume_gib is 4 to 1024. A million orders take less than one."
  }
}
