/// Compares byte strings as unsigned bytes, a prefix first: negative, zero or positive as `a` is
/// before, equal to or after `b`. Eight bytes a step.
@inlinable public func compareBytes(
  _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer
) -> Int {
  let common = min(a.count, b.count)
  var offset = 0
  while common &- offset >= 8 {
    let x = UInt64(bigEndian: a.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    let y = UInt64(bigEndian: b.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    if x != y { return x < y ? -1 : 1 }
    offset &+= 8
  }
  while offset < common {
    if a[offset] != b[offset] { return a[offset] < b[offset] ? -1 : 1 }
    offset &+= 1
  }
  return a.count &- b.count
}
