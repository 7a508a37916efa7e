# What stands at Cloudflare. Terraform drops a misspelt optional value of a nested object without a word, so each such
# value that matters has an assertion here.

mock_provider "cloudflare" {
  override_during = plan

  mock_resource "cloudflare_zero_trust_tunnel_cloudflared" {
    defaults = { id = "6ff42ae2-765d-4adf-8112-31c55c1551ef" }
  }
  mock_resource "cloudflare_zero_trust_access_policy" {
    defaults = { id = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415" }
  }
}

mock_provider "aws" {
  override_during = plan
}

variables {
  account_id      = "0123456789abcdef0123456789abcdef"
  zone_id         = "fedcba9876543210fedcba9876543210"
  zone_name       = "example.com"
  operators       = ["an@example.com", "binh@example.com"]
  host            = "none"
  ssh_public_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtxVt6YRvgXIYbRbvJEd6yvk+7E+3wLk3G1m0hV5oZ1 an"]
  dropgate        = { url = "https://example.com/dropgate", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
  cloudflared     = { url = "https://example.com/cloudflared", sha256 = "2222222222222222222222222222222222222222222222222222222222222222" }
}

# One run for all of it, because each run starts both providers.
run "strangers_pay_and_buy_and_get_no_further" {
  command = plan

  # The settings of the zone
  assert {
    condition = { for setting in cloudflare_zone_setting.this : setting.setting_id => setting.value } == {
      "0rtt"                   = "off"
      always_use_https         = "on"
      automatic_https_rewrites = "on"
      browser_check            = "off"
      email_obfuscation        = "off"
      http3                    = "on"
      min_tls_version          = "1.2"
      rocket_loader            = "off"
      ssl                      = "strict"
      tls_1_3                  = "on"
    }
    error_message = "the settings of the zone are others"
  }
  assert {
    condition     = cloudflare_zone_setting.security_header.value.strict_transport_security.enabled
    error_message = "browsers are not told to stay with HTTPS"
  }
  assert {
    condition     = cloudflare_zone_setting.security_header.value.strict_transport_security.max_age == 15552000
    error_message = "browsers stay with HTTPS for another time than half a year"
  }
  assert {
    condition     = cloudflare_bot_management.this.fight_mode == false
    error_message = "Bot Fight Mode would challenge PayOS"
  }

  # The addresses
  assert {
    condition     = cloudflare_workers_custom_domain.shop.hostname == "shop.example.com" && cloudflare_workers_custom_domain.shop.service == "dropgate-edge-production"
    error_message = "the shop's address leads elsewhere"
  }
  assert {
    condition     = output.shop_url == "https://shop.example.com" && output.origin_url == "https://origin.example.com"
    error_message = "the outputs name other addresses"
  }

  # The tunnel
  assert {
    condition     = cloudflare_zero_trust_tunnel_cloudflared.origin.config_src == "cloudflare"
    error_message = "the tunnel would look for a configuration on the machine"
  }
  assert {
    condition     = cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[0].hostname == "origin.example.com" && cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[0].service == "http://127.0.0.1:8080"
    error_message = "the tunnel does not lead to the origin"
  }
  assert {
    condition     = cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[0].origin_request.connect_timeout == 2
    error_message = "the tunnel waits another time for the origin"
  }
  assert {
    condition     = cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[0].origin_request.keep_alive_connections == 1024
    error_message = "the tunnel keeps another number of connections to the origin"
  }
  assert {
    condition     = cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[1].hostname == "ssh.example.com" && cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[1].service == "ssh://127.0.0.1:22"
    error_message = "the tunnel does not lead to SSH"
  }
  assert {
    condition     = cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[2].service == "http_status:404" && cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress[2].hostname == null
    error_message = "the last rule of the tunnel is not a 404 for every other name"
  }
  assert {
    condition     = length(cloudflare_zero_trust_tunnel_cloudflared_config.origin.config.ingress) == 3
    error_message = "the tunnel leads to more than the origin and SSH"
  }
  assert {
    condition = alltrue([for record in cloudflare_dns_record.tunnel :
    record.proxied && record.type == "CNAME" && record.content == "6ff42ae2-765d-4adf-8112-31c55c1551ef.cfargotunnel.com"])
    error_message = "a name of the tunnel leads elsewhere, or past Cloudflare"
  }
  assert {
    condition     = toset([for record in cloudflare_dns_record.tunnel : record.name]) == toset(["origin.example.com", "ssh.example.com"])
    error_message = "the tunnel has other names"
  }

  # The firewall
  assert {
    condition     = cloudflare_ruleset.firewall.phase == "http_request_firewall_custom" && cloudflare_ruleset.firewall.kind == "zone"
    error_message = "the firewall's rules run elsewhere"
  }
  assert {
    condition     = cloudflare_ruleset.firewall.rules[0].expression == "http.host eq \"origin.example.com\" and cf.worker.upstream_zone ne \"example.com\"" && cloudflare_ruleset.firewall.rules[0].action == "block"
    error_message = "strangers reach the origin's address"
  }
  assert {
    condition     = cloudflare_ruleset.firewall.rules[1].expression == "http.host eq \"origin.example.com\" and (http.request.uri.path eq \"/admin\" or starts_with(http.request.uri.path, \"/admin/\"))" && cloudflare_ruleset.firewall.rules[1].action == "block"
    error_message = "operators' routes of the origin are reached from outside"
  }
  assert {
    condition     = cloudflare_ruleset.firewall.rules[2].expression == "http.host eq \"shop.example.com\" and starts_with(http.request.uri.path, \"/webhooks/\") and http.request.method ne \"POST\"" && cloudflare_ruleset.firewall.rules[2].action == "block"
    error_message = "the webhook's path takes more than POST"
  }
  assert {
    condition     = cloudflare_ruleset.firewall.rules[3].expression == "http.host eq \"shop.example.com\" and starts_with(http.request.uri.path, \"/webhooks/\")" && cloudflare_ruleset.firewall.rules[3].action == "skip"
    error_message = "webhooks are not exempt from challenges"
  }
  assert {
    condition     = toset(cloudflare_ruleset.firewall.rules[3].action_parameters.products) == toset(["bic", "hot", "securityLevel", "uaBlock"])
    error_message = "webhooks are exempt from something else"
  }
  assert {
    condition     = cloudflare_ruleset.firewall.rules[3].logging.enabled
    error_message = "exempt webhooks leave no trace at Cloudflare"
  }
  assert {
    condition     = length(cloudflare_ruleset.firewall.rules) <= 5
    error_message = "the free plan takes five rules"
  }

  # The rate limit: the free plan takes one, by path
  assert {
    condition     = cloudflare_ruleset.rate_limits.phase == "http_ratelimit" && length(cloudflare_ruleset.rate_limits.rules) == 1
    error_message = "the free plan takes one rate limit"
  }
  assert {
    condition     = !strcontains(cloudflare_ruleset.rate_limits.rules[0].expression, "http.host")
    error_message = "the free plan's rate limit goes by path alone"
  }
  assert {
    condition     = alltrue([for path in ["\"/webhooks/\"", "\"/api/drops/\"", "\"/token\"", "\"/admin/\""] : strcontains(cloudflare_ruleset.rate_limits.rules[0].expression, path)])
    error_message = "a path is missing in the rate limit"
  }
  assert {
    condition     = toset(cloudflare_ruleset.rate_limits.rules[0].ratelimit.characteristics) == toset(["ip.src", "cf.colo.id"])
    error_message = "the rate limit does not count addresses"
  }
  assert {
    condition     = cloudflare_ruleset.rate_limits.rules[0].ratelimit.period == 10 && cloudflare_ruleset.rate_limits.rules[0].ratelimit.requests_per_period == 6000
    error_message = "the rate limit has another rate than the Worker's own"
  }
  assert {
    condition     = cloudflare_ruleset.rate_limits.rules[0].ratelimit.mitigation_timeout == 10 && cloudflare_ruleset.rate_limits.rules[0].action == "block"
    error_message = "the rate limit does not block for ten seconds"
  }

  # Access
  assert {
    condition     = toset([for one in cloudflare_zero_trust_access_policy.operators.include : one.email.email]) == toset(["an@example.com", "binh@example.com"])
    error_message = "Access lets others in"
  }
  assert {
    condition     = cloudflare_zero_trust_access_policy.operators.decision == "allow"
    error_message = "the policy does not let operators in"
  }
  assert {
    condition     = { for name, app in cloudflare_zero_trust_access_application.this : name => app.domain } == { ssh = "ssh.example.com", admin = "shop.example.com/admin" }
    error_message = "Access stands before other addresses"
  }
  assert {
    condition     = alltrue([for app in cloudflare_zero_trust_access_application.this : app.type == "self_hosted" && app.session_duration == "8h"])
    error_message = "a session at Access lasts another time than an operator's token"
  }
  assert {
    condition     = alltrue([for app in cloudflare_zero_trust_access_application.this : length(app.policies) == 1 && app.policies[0].id == "f174e90a-fafe-4643-bbbc-4a0ed4fc8415" && app.policies[0].precedence == 1])
    error_message = "an application does not ask for the operators' policy"
  }

  # Copies
  assert {
    condition     = length(cloudflare_r2_bucket.copies) + length(cloudflare_r2_bucket_lock.copies) + length(cloudflare_r2_bucket_lifecycle.copies) == 0
    error_message = "a bucket appears that was not asked for"
  }
}

run "a_paid_plan_a_bucket_and_another_address_are_followed" {
  command = plan
  variables {
    zone_plan               = "pro"
    shop_name               = ""
    copies_bucket           = "example-copies"
    deploy_token_expires_on = "2027-01-31T00:00:00Z"
  }

  assert {
    condition     = cloudflare_workers_custom_domain.shop.hostname == "example.com"
    error_message = "the shop is not at the domain itself"
  }

  assert {
    condition     = { for rule in cloudflare_ruleset.rate_limits.rules : rule.ref => rule.ratelimit.requests_per_period } == { webhooks = 2000, tokens = 6000 }
    error_message = "the rate limits of a paid plan are others"
  }
  assert {
    condition     = alltrue([for rule in cloudflare_ruleset.rate_limits.rules : startswith(rule.expression, "http.host eq \"example.com\" and ")])
    error_message = "the rate limits count the Worker's own requests to the origin too"
  }

  assert {
    condition = [for policy in cloudflare_account_token.deploy.policies : [policy.effect, policy.resources]] == [
      ["allow", "{\"com.cloudflare.api.account.0123456789abcdef0123456789abcdef\":\"*\"}"],
    ]
    error_message = "the token can do something else"
  }
  assert {
    condition     = data.cloudflare_account_api_token_permission_groups_list.deploy.name == "Workers Scripts Write"
    error_message = "the token's permission is another"
  }
  assert {
    condition     = cloudflare_account_token.deploy.expires_on == "2027-01-31T00:00:00Z"
    error_message = "the token does not end"
  }

  assert {
    condition     = cloudflare_r2_bucket.copies[0].name == "example-copies" && cloudflare_r2_bucket.copies[0].location == "apac"
    error_message = "the bucket is another, or elsewhere"
  }
  assert {
    condition     = cloudflare_r2_bucket_lock.copies[0].bucket_name == "example-copies" && cloudflare_r2_bucket_lock.copies[0].rules[0].enabled
    error_message = "the bucket has no lock"
  }
  assert {
    condition     = cloudflare_r2_bucket_lock.copies[0].rules[0].condition.type == "Age" && cloudflare_r2_bucket_lock.copies[0].rules[0].condition.max_age_seconds == 604800
    error_message = "the lock holds for another time than a week"
  }
  assert {
    condition     = cloudflare_r2_bucket_lock.copies[0].rules[0].prefix == null
    error_message = "the lock holds for a part of the bucket"
  }
  assert {
    condition     = cloudflare_r2_bucket_lifecycle.copies[0].bucket_name == "example-copies" && cloudflare_r2_bucket_lifecycle.copies[0].rules[0].enabled && cloudflare_r2_bucket_lifecycle.copies[0].rules[0].conditions.prefix == ""
    error_message = "old copies stay"
  }
  assert {
    condition     = cloudflare_r2_bucket_lifecycle.copies[0].rules[0].delete_objects_transition.condition.type == "Age" && cloudflare_r2_bucket_lifecycle.copies[0].rules[0].delete_objects_transition.condition.max_age == 3024000
    error_message = "copies go after another time than five weeks"
  }
  assert {
    condition     = cloudflare_r2_bucket_lifecycle.copies[0].rules[0].abort_multipart_uploads_transition.condition.type == "Age" && cloudflare_r2_bucket_lifecycle.copies[0].rules[0].abort_multipart_uploads_transition.condition.max_age == 86400
    error_message = "halves of uploads stay"
  }
}
