/// Bytes of `4096`, `64KiB`, `1MiB` or `1GiB`; nil for anything else.
func parseByteSize(_ text: String) -> Int? {
  let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)]
  for (suffix, shift) in units where text.hasSuffix(suffix) {
    guard let number = Int(text.dropLast(suffix.count)), (0...(1 << 30)).contains(number) else {
      return nil
    }
    return number << shift
  }
  return Int(text)
}
