locals {
  at_aws = var.host != "none"

  # Debian's rules for devices name a disk so; the dash is not part of it.
  ec2_data_device = var.host == "ec2" ? "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${replace(aws_ebs_volume.data[0].id, "-", "")}" : null
}

module "machine" {
  source = "./machine"

  public_url      = "https://${local.shop_hostname}"
  origin_no       = var.origin_no
  dropgate        = var.dropgate
  cloudflared     = var.cloudflared
  ssh_public_keys = var.ssh_public_keys
  ssh_from        = var.ssh_from
  data_device     = var.host == "ec2" ? local.ec2_data_device : var.data_device
  mail            = var.mail
  sheet           = var.sheet
}

# EC2

data "aws_ami" "debian" {
  count       = var.host == "ec2" ? 1 : 0
  most_recent = true
  # Debian's own account.
  owners = ["136693071363"]
  filter {
    name   = "name"
    values = ["debian-12-amd64-*"]
  }
}

data "aws_availability_zones" "available" {
  count = local.at_aws ? 1 : 0
  state = "available"
}

resource "aws_vpc" "origin" {
  count      = var.host == "ec2" ? 1 : 0
  cidr_block = "10.20.0.0/24"
}

resource "aws_internet_gateway" "origin" {
  count  = length(aws_vpc.origin)
  vpc_id = aws_vpc.origin[0].id
}

resource "aws_subnet" "origin" {
  count                   = length(aws_vpc.origin)
  vpc_id                  = aws_vpc.origin[0].id
  cidr_block              = aws_vpc.origin[0].cidr_block
  availability_zone       = data.aws_availability_zones.available[0].names[0]
  map_public_ip_on_launch = true
}

resource "aws_route_table" "origin" {
  count  = length(aws_vpc.origin)
  vpc_id = aws_vpc.origin[0].id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.origin[0].id
  }
}

resource "aws_route_table_association" "origin" {
  count          = length(aws_vpc.origin)
  subnet_id      = aws_subnet.origin[0].id
  route_table_id = aws_route_table.origin[0].id
}

resource "aws_security_group" "origin" {
  count       = length(aws_vpc.origin)
  name        = "dropgate-origin"
  description = "Nothing comes in but SSH from named addresses, and that only until the tunnel is up"
  vpc_id      = aws_vpc.origin[0].id
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each          = var.host == "ec2" ? toset([for block in var.ssh_from : block if !strcontains(block, ":")]) : []
  security_group_id = aws_security_group.origin[0].id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_egress_rule" "all" {
  count             = length(aws_vpc.origin)
  security_group_id = aws_security_group.origin[0].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_instance" "origin" {
  count                  = var.host == "ec2" ? 1 : 0
  ami                    = data.aws_ami.debian[0].id
  instance_type          = var.ec2_instance_type
  subnet_id              = aws_subnet.origin[0].id
  vpc_security_group_ids = [aws_security_group.origin[0].id]
  user_data_base64       = base64gzip(module.machine.user_data)
  # A new route first: the first start fetches packages.
  depends_on = [aws_route_table_association.origin]

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 16
    encrypted   = true
  }

  tags = { Name = "dropgate-origin" }

  lifecycle {
    # User data act at the first start only, and a new image is no reason to replace a machine that sells.
    # `terraform apply -replace='aws_instance.origin[0]'` makes a new one, with the same disk of the database.
    ignore_changes = [ami, user_data_base64]
  }
}

# PayOS pays out to listed addresses only, so the machine's stays when it is stopped or replaced.
resource "aws_eip" "origin" {
  count    = length(aws_instance.origin)
  domain   = "vpc"
  instance = aws_instance.origin[0].id
}

resource "aws_ebs_volume" "data" {
  count             = var.host == "ec2" ? 1 : 0
  availability_zone = aws_subnet.origin[0].availability_zone
  size              = var.data_volume_gib
  type              = "gp3"
  encrypted         = true
  tags              = { Name = "dropgate-data" }

  lifecycle {
    # The ledger. docs/deploy.md says how to let it go on purpose.
    prevent_destroy = true
  }
}

resource "aws_volume_attachment" "data" {
  count                          = length(aws_ebs_volume.data)
  device_name                    = "/dev/sdf"
  instance_id                    = aws_instance.origin[0].id
  volume_id                      = aws_ebs_volume.data[0].id
  stop_instance_before_detaching = true
}

# Copies of the disk, each as of one moment, as a power cut would leave it: the origin starts from that.

data "aws_iam_policy_document" "snapshots" {
  count = var.host == "ec2" ? 1 : 0
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["dlm.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "snapshots" {
  count              = length(data.aws_iam_policy_document.snapshots)
  name               = "dropgate-snapshots"
  assume_role_policy = data.aws_iam_policy_document.snapshots[0].json
}

resource "aws_iam_role_policy_attachment" "snapshots" {
  count      = length(aws_iam_role.snapshots)
  role       = aws_iam_role.snapshots[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole"
}

resource "aws_dlm_lifecycle_policy" "snapshots" {
  count              = length(aws_iam_role.snapshots)
  description        = "The database of Dropgate every hour"
  execution_role_arn = aws_iam_role.snapshots[0].arn
  policy_details {
    resource_types = ["VOLUME"]
    target_tags    = { Name = "dropgate-data" }
    schedule {
      name = "hourly for two days"
      create_rule {
        interval      = 1
        interval_unit = "HOURS"
      }
      retain_rule {
        count = 48
      }
    }
  }
}

# Lightsail. The database is on the machine's own disk, so the machine itself is what must not go by mistake.

resource "aws_lightsail_instance" "origin" {
  count             = var.host == "lightsail" ? 1 : 0
  name              = "dropgate-origin"
  availability_zone = data.aws_availability_zones.available[0].names[0]
  blueprint_id      = "debian_12"
  bundle_id         = var.lightsail_bundle
  user_data         = module.machine.launch_script
  # Payouts come from one listed address: with a second one, of IPv6, PayOS would see either.
  ip_address_type = "ipv4"

  # A copy of the disk every day; Lightsail keeps seven.
  add_on {
    type          = "AutoSnapshot"
    snapshot_time = "20:00"
    status        = "Enabled"
  }

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [user_data]
  }
}

resource "aws_lightsail_static_ip" "origin" {
  count = length(aws_lightsail_instance.origin)
  name  = "dropgate-origin"
}

resource "aws_lightsail_static_ip_attachment" "origin" {
  count          = length(aws_lightsail_instance.origin)
  static_ip_name = aws_lightsail_static_ip.origin[0].name
  instance_name  = aws_lightsail_instance.origin[0].name
}

resource "aws_lightsail_instance_public_ports" "origin" {
  count         = length(aws_lightsail_instance.origin)
  instance_name = aws_lightsail_instance.origin[0].name
  port_info {
    protocol  = "tcp"
    from_port = 22
    to_port   = 22
    # Lightsail wants at least one rule. This address belongs to no machine: RFC 5737 keeps it for examples.
    cidrs = length(var.ssh_from) == 0 ? ["192.0.2.1/32"] : [for block in var.ssh_from : block if !strcontains(block, ":")]
  }
}
