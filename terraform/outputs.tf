output "shop_url" {
  description = "Where shoppers find the shop."
  value       = "https://${local.shop_hostname}"
}

output "origin_url" {
  description = "Where the Worker finds the origin: `wrangler deploy --var ORIGIN:…`."
  value       = "https://${local.origin_hostname}"
}

output "ssh_hostname" {
  description = "SSH through the tunnel: `ssh -o ProxyCommand='cloudflared access ssh --hostname %h' ops@…`."
  value       = local.ssh_hostname
}

output "machine_address" {
  description = "The machine's own address, for SSH until the tunnel is up and for PayOS's list of addresses. Null with host = none."
  value       = one(concat(aws_eip.origin[*].public_ip, aws_lightsail_static_ip.origin[*].ip_address))
}

output "user_data" {
  description = "For cloud-init of a provider that is not written out here. It holds no secret."
  value       = module.machine.user_data
}

output "tunnel_token" {
  description = "For `store-secret tunnel-token` on the machine."
  value       = data.cloudflare_zero_trust_tunnel_cloudflared_token.origin.token
  sensitive   = true
}

output "deploy_token" {
  description = "CLOUDFLARE_API_TOKEN for wrangler."
  value       = cloudflare_account_token.deploy.value
  sensitive   = true
}
