import Glibc

/// One line in one call, so that it is seen whole, as soon as it is true.
func writeLine(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
  let bytes = Array((text + "\n").utf8)
  _ = write(descriptor, bytes, bytes.count)
}
