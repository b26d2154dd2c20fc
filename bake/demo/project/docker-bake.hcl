variable "COMMIT" {
  default = "unknown"
}

target "app" {
  target = "test"
  args = {
    COMMIT = COMMIT
  }
}
