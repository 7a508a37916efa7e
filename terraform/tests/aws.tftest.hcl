# The machine at AWS. The provider is the real one: it checks names and values; the mock answers in AWS's place.

mock_provider "cloudflare" {
  override_during = plan
}

mock_provider "aws" {
  override_during = plan

  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-southeast-1a", "ap-southeast-1b"] }
  }
  mock_resource "aws_ebs_volume" {
    defaults = { id = "vol-0123456789abcdef0" }
  }
  mock_resource "aws_instance" {
    defaults = { id = "i-0123456789abcdef0" }
  }
  mock_resource "aws_eip" {
    defaults = { public_ip = "203.0.113.20" }
  }
  mock_resource "aws_lightsail_static_ip" {
    defaults = { ip_address = "203.0.113.30" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/dropgate-snapshots" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  account_id      = "0123456789abcdef0123456789abcdef"
  zone_id         = "fedcba9876543210fedcba9876543210"
  zone_name       = "example.com"
  operators       = ["an@example.com"]
  ssh_public_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtxVt6YRvgXIYbRbvJEd6yvk+7E+3wLk3G1m0hV5oZ1 an"]
  dropgate        = { url = "https://example.com/dropgate", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
  cloudflared     = { url = "https://example.com/cloudflared", sha256 = "2222222222222222222222222222222222222222222222222222222222222222" }
}

run "ec2_is_closed_encrypted_and_copied_every_hour" {
  command = plan
  variables {
    host = "ec2"
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.ssh) == 0
    error_message = "a port is open without being asked for"
  }
  assert {
    condition     = aws_instance.origin[0].metadata_options[0].http_tokens == "required" && aws_instance.origin[0].metadata_options[0].http_put_response_hop_limit == 1
    error_message = "the metadata answer to a plain GET, which a program can be talked into"
  }
  assert {
    condition     = aws_instance.origin[0].root_block_device[0].encrypted && aws_ebs_volume.data[0].encrypted
    error_message = "a disk is not encrypted"
  }
  assert {
    condition     = aws_volume_attachment.data[0].volume_id == "vol-0123456789abcdef0" && aws_volume_attachment.data[0].instance_id == "i-0123456789abcdef0"
    error_message = "the disk of the database is not the machine's"
  }
  assert {
    condition     = aws_ebs_volume.data[0].availability_zone == "ap-southeast-1a" && aws_subnet.origin[0].availability_zone == "ap-southeast-1a"
    error_message = "the disk and the machine are in different zones"
  }
  assert {
    condition     = strcontains(output.user_data, "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0 /var/lib/dropgate ")
    error_message = "the machine does not mount its disk"
  }
  assert {
    condition     = aws_instance.origin[0].user_data_base64 == base64gzip(output.user_data)
    error_message = "the machine gets other user data"
  }
  assert {
    # AWS takes 16 KiB, compressed.
    condition     = length(aws_instance.origin[0].user_data_base64) * 3 / 4 < 16384
    error_message = "the user data are too long for AWS"
  }
  assert {
    condition     = output.machine_address == "203.0.113.20" && aws_eip.origin[0].instance == "i-0123456789abcdef0"
    error_message = "the machine has no address that stays"
  }
  assert {
    condition     = data.aws_ami.debian[0].owners == tolist(["136693071363"])
    error_message = "the image is not Debian's own"
  }
  assert {
    condition     = aws_dlm_lifecycle_policy.snapshots[0].policy_details[0].target_tags.Name == aws_ebs_volume.data[0].tags.Name
    error_message = "another disk is copied"
  }
  assert {
    condition     = aws_dlm_lifecycle_policy.snapshots[0].policy_details[0].schedule[0].create_rule[0].interval == 1 && aws_dlm_lifecycle_policy.snapshots[0].policy_details[0].schedule[0].retain_rule[0].count == 48
    error_message = "the disk is copied at another pace"
  }
}

run "ec2_opens_ssh_for_named_addresses_only" {
  command = plan
  variables {
    host     = "ec2"
    ssh_from = ["203.0.113.7/32", "2001:db8::/48"]
  }
  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.ssh : [rule.cidr_ipv4, rule.ip_protocol, rule.from_port, rule.to_port]] == [["203.0.113.7/32", "tcp", 22, 22]]
    error_message = "the firewall opens something else"
  }
}

run "lightsail_is_closed_and_copied_every_day" {
  command = plan
  variables {
    host = "lightsail"
  }
  assert {
    condition     = one(aws_lightsail_instance_public_ports.origin[0].port_info).cidrs == toset(["192.0.2.1/32"])
    error_message = "a port is open without being asked for"
  }
  assert {
    condition     = aws_lightsail_instance.origin[0].add_on[0].type == "AutoSnapshot" && aws_lightsail_instance.origin[0].add_on[0].status == "Enabled"
    error_message = "the machine is not copied"
  }
  assert {
    condition     = aws_lightsail_static_ip_attachment.origin[0].static_ip_name == "dropgate-origin" && aws_lightsail_static_ip_attachment.origin[0].instance_name == "dropgate-origin" && aws_lightsail_instance.origin[0].ip_address_type == "ipv4"
    error_message = "the machine has no single address that stays"
  }
  assert {
    condition     = startswith(aws_lightsail_instance.origin[0].user_data, "#!/bin/sh\n") && length(aws_lightsail_instance.origin[0].user_data) < 16384
    error_message = "Lightsail takes a script of at most 16 KiB"
  }
  assert {
    condition     = strcontains(aws_lightsail_instance.origin[0].user_data, base64gzip(output.user_data))
    error_message = "the script brings another configuration"
  }
  assert {
    condition     = output.machine_address == "203.0.113.30" && length(aws_instance.origin) == 0 && length(aws_ebs_volume.data) == 0
    error_message = "Lightsail comes with something of EC2"
  }
}

run "lightsail_opens_ssh_for_named_addresses_only" {
  command = plan
  variables {
    host     = "lightsail"
    ssh_from = ["203.0.113.7/32"]
  }
  assert {
    condition     = [for port in aws_lightsail_instance_public_ports.origin[0].port_info : [port.protocol, port.from_port, port.to_port, one(port.cidrs)]] == [["tcp", 22, 22, "203.0.113.7/32"]]
    error_message = "the firewall opens something else"
  }
}
