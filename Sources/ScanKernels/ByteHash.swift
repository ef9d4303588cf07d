import StorageBase

/// A 64-bit hash of some bytes, all of whose bits are good to index with: sixteen bytes a step,
/// folded by one wide multiplication. After wyhash (Wang Yi), whose constants these are.
public func hashBytes(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  let count = bytes.count
  guard let base = bytes.baseAddress, count > 0 else { return mixBits(0) }
  var hash = UInt64(truncatingIfNeeded: count) ^ 0xA076_1D64_78BD_642F
  var offset = 0
  while count &- offset > 16 {
    let low = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    let high = base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
    hash = fold(low ^ 0xE703_7ED1_A0B4_28DB, high ^ hash)
    offset &+= 16
  }
  // The last 1 to 16 bytes as two words that may overlap.
  let (low, high): (UInt64, UInt64)
  let rest = count &- offset
  if rest >= 8 {
    low = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    high = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
  } else if rest >= 4 {
    low = UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    high = UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
  } else {
    low =
      UInt64(base.load(fromByteOffset: offset, as: UInt8.self)) &<< 16
      | UInt64(base.load(fromByteOffset: offset &+ rest / 2, as: UInt8.self)) &<< 8
      | UInt64(base.load(fromByteOffset: count &- 1, as: UInt8.self))
    high = 0
  }
  return fold(
    fold(low ^ 0x8EBC_6AF0_9C88_C6E3, high ^ hash),
    UInt64(truncatingIfNeeded: count)
      ^ 0x5899_65CC_7537_4CC3)
}

@inline(__always) private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}

/// Whether `count` bytes are the same; for strings too short to be worth a call.
@inline(__always)
func areEqualBytes(
  _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int
) -> Bool {
  var offset = 0
  while count &- offset >= 8 {
    let x = a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    let y = b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    if x != y { return false }
    offset &+= 8
  }
  while offset < count {
    let x = a.load(fromByteOffset: offset, as: UInt8.self)
    if x != b.load(fromByteOffset: offset, as: UInt8.self) { return false }
    offset &+= 1
  }
  return true
}
