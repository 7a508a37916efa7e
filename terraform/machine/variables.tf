variable "public_url" {
  description = "Where shoppers find the shop, such as https://shop.example.com."
  type        = string
}

variable "origin_no" {
  description = "Part of every order code; it never changes for a database."
  type        = number
  default     = 1
}

variable "dropgate" {
  description = "Where the machine fetches the origin's program, and the SHA-256 that the file must have."
  type        = object({ url = string, sha256 = string })
}

variable "cloudflared" {
  description = "Where the machine fetches cloudflared, and the SHA-256 that the file must have."
  type        = object({ url = string, sha256 = string })
}

variable "ssh_public_keys" {
  description = "Keys of the people who operate the machine."
  type        = list(string)
}

variable "ssh_from" {
  description = "Addresses that may use SSH until the tunnel is up, as CIDR blocks."
  type        = list(string)
  default     = []
}

variable "data_device" {
  description = "The disk of the database, as a path under /dev/disk/by-id. Null: the database is on the system's disk."
  type        = string
  default     = null
}

variable "mail" {
  description = "The mail server. The password is a secret and comes later."
  type        = object({ smtp_url = string, from = string, reply_to = optional(string), user = optional(string) })
  default     = null
}

variable "sheet" {
  description = "The Google sheet that shows the orders. The key of its service account is a secret and comes later."
  type        = object({ id = string, tab = optional(string), personal = optional(bool) })
  default     = null
}
