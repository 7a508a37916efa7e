locals {
  shop_hostname   = var.shop_name == "" ? var.zone_name : "${var.shop_name}.${var.zone_name}"
  origin_hostname = "${var.origin_name}.${var.zone_name}"
  ssh_hostname    = "${var.ssh_name}.${var.zone_name}"

  # The provider has one resource for a setting.
  zone_settings = {
    # Pages and tokens never travel in the clear, and never with ciphers of yesterday.
    ssl                      = "strict"
    always_use_https         = "on"
    automatic_https_rewrites = "on"
    min_tls_version          = "1.2"
    tls_1_3                  = "on"
    # A request in the first bytes of a connection can be replayed.
    "0rtt" = "off"
    http3  = "on"
    # These three change pages or challenge browsers. The pages have a policy that refuses foreign scripts, and PayOS's
    # server, which calls the webhook, cannot answer a challenge.
    rocket_loader     = "off"
    email_obfuscation = "off"
    browser_check     = "off"
  }

  webhook_path = "starts_with(http.request.uri.path, \"/webhooks/\")"
  token_path   = "(starts_with(http.request.uri.path, \"/api/drops/\") and ends_with(http.request.uri.path, \"/token\"))"
  admin_path   = "(http.request.uri.path eq \"/admin\" or starts_with(http.request.uri.path, \"/admin/\"))"
  at_shop      = "http.host eq \"${local.shop_hostname}\""
}

resource "cloudflare_zone_setting" "this" {
  for_each   = local.zone_settings
  zone_id    = var.zone_id
  setting_id = each.key
  value      = each.value
}

resource "cloudflare_zone_setting" "security_header" {
  zone_id    = var.zone_id
  setting_id = "security_header"
  value = {
    strict_transport_security = {
      enabled            = true
      max_age            = 15552000
      include_subdomains = false
      preload            = false
      nosniff            = true
    }
  }
}

# Bot Fight Mode challenges servers, and no rule can exempt PayOS's from it.
resource "cloudflare_bot_management" "this" {
  zone_id    = var.zone_id
  fight_mode = false
}

# The shop's address. Its DNS record and certificate come with it. The Worker must be there before: wrangler deploys it.
resource "cloudflare_workers_custom_domain" "shop" {
  account_id = var.account_id
  zone_id    = var.zone_id
  hostname   = local.shop_hostname
  service    = var.worker_name
}

# The tunnel: the machine connects outwards, so that it needs no open port.

resource "cloudflare_zero_trust_tunnel_cloudflared" "origin" {
  account_id = var.account_id
  name       = "dropgate-${var.origin_no}"
  config_src = "cloudflare"
}

resource "cloudflare_zero_trust_tunnel_cloudflared_config" "origin" {
  account_id = var.account_id
  tunnel_id  = cloudflare_zero_trust_tunnel_cloudflared.origin.id
  config = {
    ingress = [
      {
        hostname = local.origin_hostname
        service  = "http://127.0.0.1:8080"
        origin_request = {
          connect_timeout        = 2
          keep_alive_connections = 1024
        }
      },
      { hostname = local.ssh_hostname, service = "ssh://127.0.0.1:22" },
      { service = "http_status:404" },
    ]
  }
}

data "cloudflare_zero_trust_tunnel_cloudflared_token" "origin" {
  account_id = var.account_id
  tunnel_id  = cloudflare_zero_trust_tunnel_cloudflared.origin.id
}

resource "cloudflare_dns_record" "tunnel" {
  for_each = { origin = local.origin_hostname, ssh = local.ssh_hostname }
  zone_id  = var.zone_id
  name     = each.value
  type     = "CNAME"
  content  = "${cloudflare_zero_trust_tunnel_cloudflared.origin.id}.cfargotunnel.com"
  proxied  = true
  # Automatic, as Cloudflare wants it for a proxied record.
  ttl = 1
}

# The firewall. Its rules act in this order.

resource "cloudflare_ruleset" "firewall" {
  zone_id = var.zone_id
  name    = "dropgate firewall"
  kind    = "zone"
  phase   = "http_request_firewall_custom"
  rules = [
    {
      ref         = "origin_is_for_the_worker"
      description = "Only this domain's Worker talks to the origin"
      expression  = "http.host eq \"${local.origin_hostname}\" and cf.worker.upstream_zone ne \"${var.zone_name}\""
      action      = "block"
    },
    {
      ref         = "origin_admin_is_local"
      description = "Operators' commands reach the origin on its own machine"
      expression  = "http.host eq \"${local.origin_hostname}\" and ${local.admin_path}"
      action      = "block"
    },
    {
      ref         = "webhooks_are_posted"
      description = "PayOS posts; nothing else belongs on the webhook's path"
      expression  = "${local.at_shop} and ${local.webhook_path} and http.request.method ne \"POST\""
      action      = "block"
    },
    {
      ref         = "webhooks_are_not_challenged"
      description = "PayOS's server cannot answer a challenge"
      expression  = "${local.at_shop} and ${local.webhook_path}"
      action      = "skip"
      action_parameters = {
        products = ["bic", "hot", "securityLevel", "uaBlock"]
      }
      logging = { enabled = true }
    },
  ]
}

locals {
  # As the Worker's own limit by address (edge-worker/src/rate_limit.rs): a mobile carrier puts thousands of shoppers
  # behind one address, and this only stops the flood of a single machine, before it costs anything.
  requests_of_a_crowd = 6000

  rate_limits = {
    # One rule, by path alone, over ten seconds, is all that the free plan takes.
    free = [
      {
        ref        = "paths_that_cost"
        expression = "${local.webhook_path} or ${local.token_path} or ${local.admin_path}"
        requests   = local.requests_of_a_crowd
      },
    ]
    paid = [
      # PayOS sends a webhook for each payment, from few addresses: this is far above what a bank transfers in ten seconds.
      { ref = "webhooks", expression = "${local.at_shop} and ${local.webhook_path}", requests = 2000 },
      { ref = "tokens", expression = "${local.at_shop} and ${local.token_path}", requests = local.requests_of_a_crowd },
    ]
  }
}

resource "cloudflare_ruleset" "rate_limits" {
  zone_id = var.zone_id
  name    = "dropgate rate limits"
  kind    = "zone"
  phase   = "http_ratelimit"
  rules = [for limit in local.rate_limits[var.zone_plan == "free" ? "free" : "paid"] : {
    ref        = limit.ref
    expression = limit.expression
    action     = "block"
    ratelimit = {
      characteristics     = ["ip.src", "cf.colo.id"]
      period              = 10
      requests_per_period = limit.requests
      mitigation_timeout  = 10
    }
  }]
}

# Cloudflare Access: SSH through the tunnel, and the path that is kept for operators. The Worker has no page there yet.

resource "cloudflare_zero_trust_access_policy" "operators" {
  account_id = var.account_id
  name       = "dropgate operators"
  decision   = "allow"
  include    = [for email in var.operators : { email = { email = email } }]
}

resource "cloudflare_zero_trust_access_application" "this" {
  for_each         = { ssh = local.ssh_hostname, admin = "${local.shop_hostname}/admin" }
  account_id       = var.account_id
  name             = "dropgate ${each.key}"
  type             = "self_hosted"
  domain           = each.value
  session_duration = "8h"
  policies         = [{ id = cloudflare_zero_trust_access_policy.operators.id, precedence = 1 }]
}

# The token for wrangler: it deploys Workers and sets their secrets, and can do nothing else.

locals {
  deploy_permission = "Workers Scripts Write"
}

data "cloudflare_account_api_token_permission_groups_list" "deploy" {
  account_id = var.account_id
  name       = local.deploy_permission
  scope      = "com.cloudflare.api.account"
}

resource "cloudflare_account_token" "deploy" {
  account_id = var.account_id
  name       = "dropgate deploy"
  expires_on = var.deploy_token_expires_on
  policies = [{
    effect = "allow"
    permission_groups = [
      for group in data.cloudflare_account_api_token_permission_groups_list.deploy.result : { id = group.id } if group.name == local.deploy_permission
    ]
    resources = jsonencode({ "com.cloudflare.api.account.${var.account_id}" = "*" })
  }]
}

# The place of copies.

resource "cloudflare_r2_bucket" "copies" {
  count      = var.copies_bucket == null ? 0 : 1
  account_id = var.account_id
  name       = var.copies_bucket
  location   = "apac"
}

resource "cloudflare_r2_bucket_lock" "copies" {
  count       = length(cloudflare_r2_bucket.copies)
  account_id  = var.account_id
  bucket_name = cloudflare_r2_bucket.copies[0].name
  rules = [{
    # A thief of the bucket's key cannot delete the copies of the last week.
    id        = "a-week-stays"
    enabled   = true
    condition = { type = "Age", max_age_seconds = 7 * 24 * 3600 }
  }]
}

resource "cloudflare_r2_bucket_lifecycle" "copies" {
  count       = length(cloudflare_r2_bucket.copies)
  account_id  = var.account_id
  bucket_name = cloudflare_r2_bucket.copies[0].name
  rules = [{
    id         = "old-copies-go"
    enabled    = true
    conditions = { prefix = "" }
    # Copies hold names and addresses of buyers: they are not kept for longer than they can be of use.
    delete_objects_transition          = { condition = { type = "Age", max_age = 35 * 24 * 3600 } }
    abort_multipart_uploads_transition = { condition = { type = "Age", max_age = 24 * 3600 } }
  }]
}
