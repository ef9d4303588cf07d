import ScanKernels

/// Distinct strings with codes 0, 1, 2, … in the order they were added. Not thread-safe.
///
/// An open-addressing table of tags and codes over one heap of bytes; amortised O(length).
public final class DictionaryBuilder {
  private let heap = ByteBuffer()
  private let offsets = ByteBuffer()
  private let slots = ByteBuffer()
  private var slotCount = 0
  /// The strings as they were given out, until one is added.
  private var current: StringTable?
  public private(set) var count = 0

  public init() {}

  /// Bytes of all strings.
  public var byteCount: Int { heap.count }

  /// Forgets all strings.
  public func removeAll() {
    count = 0
    heap.removeAll()
    offsets.removeAll()
    slotCount = 0
    current = nil
  }

  /// Valid until a string is added.
  /// - Precondition: `code` is less than `count`.
  public subscript(code: Int) -> UnsafeRawBufferPointer {
    let ends = offsets.base.assumingMemoryBound(to: UInt32.self)
    let start = Int(ends[code])
    return UnsafeRawBufferPointer(start: heap.base + start, count: Int(ends[code &+ 1]) - start)
  }

  /// The code of a string that was added; nil for others.
  public func code(of string: UnsafeRawBufferPointer) -> UInt32? {
    guard slotCount > 0 else { return nil }
    let start = string.baseAddress ?? UnsafeRawPointer(heap.base)
    let hash = StringHash.hash(start, string.count)
    let entry = entries[view.slot(of: start, string.count, hash)]
    return entry == 0 ? nil : UInt32(truncatingIfNeeded: entry) &- 1
  }

  /// The code of a string, which is added if it is new. The string is not one of this builder.
  /// - Precondition: all strings together have fewer than 2^32 bytes.
  public func add(_ string: UnsafeRawBufferPointer) -> UInt32 {
    if (count &+ 1) &* 2 > slotCount { grow() }
    let start = string.baseAddress ?? UnsafeRawPointer(heap.base)
    let hash = StringHash.hash(start, string.count)
    let slot = view.slot(of: start, string.count, hash)
    if entries[slot] != 0 { return UInt32(truncatingIfNeeded: entries[slot]) &- 1 }
    if count == 0 { offsets.append(UInt32(0)) }
    current = nil
    heap.append(string)
    precondition(heap.count <= Int(UInt32.max), "strings of more than 4 GiB")
    offsets.append(UInt32(heap.count))
    count &+= 1
    entries[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(count)
    return UInt32(count &- 1)
  }

  /// Adds all entries of a dictionary. By code there: the code here, as `UInt32`.
  public func add(contentsOf dictionary: StringTable) -> AlignedBuffer {
    let codes = AlignedBuffer(byteCount: dictionary.count * 4)
    let target = codes.mutableValues(as: UInt32.self)
    for code in 0..<dictionary.count { target[code] = add(dictionary[code]) }
    return codes
  }

  /// The strings so far as a table of their own: the same one until a string is added.
  public func table() -> StringTable {
    if let current { return current }
    let table = StringTable(
      count: count, offsets: count == 0 ? .of([UInt32(0)]) : .copy(of: offsets.bytes),
      bytes: .copy(of: heap.bytes))
    current = table
    return table
  }

  /// The offsets of the strings in `bytes`.
  var ends: UnsafePointer<UInt32> {
    UnsafePointer(offsets.base.assumingMemoryBound(to: UInt32.self))
  }

  var bytes: UnsafeRawBufferPointer { heap.bytes }

  private var entries: UnsafeMutablePointer<UInt64> {
    slots.base.assumingMemoryBound(to: UInt64.self)
  }

  /// The memory of the table, for loops over strings: reaching it through its owners would retain
  /// them for each.
  private struct View {
    let entries: UnsafeMutablePointer<UInt64>
    let mask: Int
    let ends: UnsafePointer<UInt32>
    let heap: UnsafeRawPointer

    /// Where the string is, or the empty slot where it would be.
    @inline(__always)
    func slot(of start: UnsafeRawPointer, _ length: Int, _ hash: UInt64) -> Int {
      var slot = Int(truncatingIfNeeded: hash) & mask
      while entries[slot] != 0 {
        if entries[slot] &>> 32 == hash &>> 32 {
          let code = Int(UInt32(truncatingIfNeeded: entries[slot]) &- 1)
          let (begin, end) = (Int(ends[code]), Int(ends[code &+ 1]))
          if end &- begin == length, StringHash.areEqual(start, heap + begin, length) {
            return slot
          }
        }
        slot = (slot &+ 1) & mask
      }
      return slot
    }
  }

  /// - Precondition: the table has slots.
  private var view: View {
    View(
      entries: entries, mask: slotCount &- 1, ends: ends, heap: UnsafeRawPointer(heap.base))
  }

  /// The codes of many strings: all ones for those that were not added.
  func look(
    up starts: UnsafePointer<UnsafeRawPointer>, _ lengths: UnsafePointer<UInt32>, count: Int,
    into codes: UnsafeMutablePointer<UInt32>
  ) {
    guard slotCount > 0 else { return codes.update(repeating: .max, count: count) }
    let view = view
    for index in 0..<count {
      let length = Int(lengths[index])
      let hash = StringHash.hash(starts[index], length)
      let entry = view.entries[view.slot(of: starts[index], length, hash)]
      // An empty slot gives all ones.
      codes[index] = UInt32(truncatingIfNeeded: entry) &- 1
    }
  }

  @inline(never) private func grow() {
    slotCount = max(16, slotCount * 2)
    slots.array(of: UInt64.self, count: slotCount).initialize(repeating: 0, count: slotCount)
    for code in 0..<count {
      let string = self[code]
      guard let start = string.baseAddress else { continue }
      let hash = StringHash.hash(start, string.count)
      var slot = Int(truncatingIfNeeded: hash) & (slotCount - 1)
      while entries[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
      entries[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(code + 1)
    }
  }
}
