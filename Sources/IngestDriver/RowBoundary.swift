import StorageBase

/// How many of `bytes`, which start at the start of a row, belong to whole rows; nil when no row
/// ends in them.
///
/// A line feed ends a row when an even number of quotes lies before it, since every quote opens,
/// closes or is doubled. So the quotes are counted once, and the last such line feed is found
/// from the end; linear, about 8 bytes at a step.
func wholeRowByteCount(of bytes: UnsafeRawBufferPointer, quote: UInt8?) -> Int? {
  var isInside = quote.map { count(of: $0, in: bytes) & 1 == 1 } ?? false
  var index = bytes.count
  while index > 0 {
    index &-= 1
    let byte = bytes[index]
    if byte == quote {
      isInside.toggle()
    } else if byte == CSVDialect.lineFeed && !isInside {
      return index + 1
    }
  }
  return nil
}

/// How often `byte` occurs. Eight at a step: a byte of `difference` is zero where it matches, and
/// adding 0x7F to its low bits carries into the high bit unless they are all zero.
func count(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int {
  let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
  let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
  var total = 0
  var index = 0
  while index &+ 8 <= bytes.count {
    let difference = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ pattern
    let differing = (((difference & low) &+ low) | difference) & ~low
    total &+= 8 &- differing.nonzeroBitCount
    index &+= 8
  }
  while index < bytes.count {
    total &+= bytes[index] == byte ? 1 : 0
    index &+= 1
  }
  return total
}
