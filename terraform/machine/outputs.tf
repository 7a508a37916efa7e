output "user_data" {
  description = "For cloud-init, as user data of any provider whose Debian 12 image has it."
  value       = "#cloud-config\n${yamlencode(local.cloud_config)}"
}

output "files" {
  description = "What the user data writes, by path, so that checks can read it."
  value       = { for file in local.files : file[0] => { permissions = file[1], content = file[2] } }
}

output "launch_script" {
  description = "The same for Lightsail, which runs user data as a script."
  value = templatefile("${path.module}/files/launch-script", {
    config = base64gzip("#cloud-config\n${yamlencode(local.cloud_config)}")
  })
}
