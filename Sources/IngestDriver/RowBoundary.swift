import ScanKernels

/// How many of `bytes`, which start at the start of a row, belong to whole rows; nil when no row
/// ends in them.
///
/// A line feed ends a row when an even number of quotes lies before it, since every quote opens,
/// closes or is doubled. So the quotes are counted once, and the last such line feed is found
/// from the end; linear.
public func wholeRowByteCount(of bytes: UnsafeRawBufferPointer, quote: UInt8?) -> Int? {
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

/// How many line feeds there are.
public func countOfLineEnds(in bytes: UnsafeRawBufferPointer) -> Int {
  count(of: CSVDialect.lineFeed, in: bytes)
}

/// How often `byte` occurs.
func count(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int {
  guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
  return KernelTable.current.fields.count_byte(start, bytes.count, byte)
}
