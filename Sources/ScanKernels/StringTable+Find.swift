import CKernels

extension StringTable {
  /// Sets the bits of the strings that hold `needle`, which has at least one byte.
  ///
  /// The bytes of all strings are searched at once, so that short strings cost no call each; what
  /// is found across the border of two strings is passed over.
  func find(_ needle: [UInt8], into selection: Bitmap) {
    let ends = offsets.values(as: UInt32.self)
    let total = Int(ends[count])
    let text = bytes.values(as: UInt8.self)
    guard let base = text.baseAddress, total >= needle.count else { return }
    let kernels = KernelTable.current.text
    var place = 0
    var row = 0
    while place < total {
      let found = kernels.find(base + place, total - place, needle, needle.count)
      guard found < total - place else { return }
      place += found
      while Int(ends[row + 1]) <= place { row += 1 }
      if place + needle.count <= Int(ends[row + 1]) {
        selection.set(row)
        place = Int(ends[row + 1])
      } else {
        place += 1
      }
    }
  }
}
