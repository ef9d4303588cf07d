import ScanKernels
import StorageBase

/// The distinct strings of a page in order of appearance, and a code for each row. Strings are
/// found through an open-addressing hash table; rows that come as codes into a dictionary need
/// none. Its memory is reused. Not thread-safe.
final class StringDictionary {
  private let slots = ByteBuffer()
  private let codeBuffer = ByteBuffer()
  private let startBuffer = ByteBuffer()
  private let lengthBuffer = ByteBuffer()
  private let ownCodeBuffer = ByteBuffer()
  private(set) var count = 0
  /// The dictionary that the rows were codes of.
  private(set) var source: StringTable?
  /// Bytes of the distinct strings.
  private(set) var byteCount = 0

  /// A code per row.
  var codes: UnsafePointer<UInt32> {
    UnsafePointer(codeBuffer.base.assumingMemoryBound(to: UInt32.self))
  }

  /// By code.
  var lengths: UnsafePointer<UInt32> {
    UnsafePointer(lengthBuffer.base.assumingMemoryBound(to: UInt32.self))
  }

  /// By code: the code in `source`.
  var ownCodes: UnsafePointer<UInt32> {
    UnsafePointer(ownCodeBuffer.base.assumingMemoryBound(to: UInt32.self))
  }

  /// By code; the strings lie in the page they came from.
  var starts: UnsafePointer<UnsafeRawPointer> {
    UnsafePointer(startBuffer.base.assumingMemoryBound(to: UnsafeRawPointer.self))
  }

  subscript(code: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: starts[code], count: Int(lengths[code]))
  }

  /// Rows after which a page of hardly any repeated strings is given up, and what is hardly any.
  private static let sampleRowCount = 512
  private static let sampleRepeatsMin = 8
  /// Strings that are hashed before the table is looked at, so that its loads overlap.
  private static let batchCount = 32

  /// The most distinct strings that a dictionary of so many rows may have.
  private static func limit(_ rowCount: Int) -> Int { max(2, rowCount / 8 * 7) }

  /// Where a page is collected: plain pointers, since each access to the properties of a class is
  /// checked for overlap at run time.
  private struct Collection {
    let codes: UnsafeMutablePointer<UInt32>
    let starts: UnsafeMutablePointer<UnsafeRawPointer>
    let lengths: UnsafeMutablePointer<UInt32>
    let limit: Int
    var count = 0
    var byteCount = 0

    /// - Precondition: there is room.
    @inline(__always) mutating func append(_ start: UnsafeRawPointer, _ length: UInt32) -> UInt32 {
      starts[count] = start
      lengths[count] = length
      byteCount &+= Int(length)
      count &+= 1
      return UInt32(truncatingIfNeeded: count &- 1)
    }

    /// Finds or adds the string of a row; false when there is no room for it.
    @inline(__always) mutating func number(
      _ row: Int, _ start: UnsafeRawPointer, _ length: UInt32, _ hash: UInt64,
      _ table: UnsafeMutablePointer<UInt64>, _ mask: Int
    ) -> Bool {
      let tag = hash &>> 32
      var slot = Int(truncatingIfNeeded: hash) & mask
      while true {
        let entry = table[slot]
        if entry == 0 {
          if count == limit { return false }
          codes[row] = append(start, length)
          table[slot] = tag &<< 32 | UInt64(truncatingIfNeeded: count)
          return true
        }
        let code = UInt32(truncatingIfNeeded: entry) &- 1
        if entry &>> 32 == tag, length == lengths[Int(code)],
          StringHash.areEqual(start, starts[Int(code)], Int(length))
        {
          codes[row] = code
          return true
        }
        slot = (slot &+ 1) & mask
      }
    }
  }

  private func begin(_ rowCount: Int) -> Collection {
    let limit = Self.limit(rowCount)
    return Collection(
      codes: codeBuffer.array(of: UInt32.self, count: rowCount),
      starts: startBuffer.array(of: UnsafeRawPointer.self, count: limit),
      lengths: lengthBuffer.array(of: UInt32.self, count: limit), limit: limit)
  }

  private func end(_ collection: Collection) -> Bool {
    count = collection.count
    byteCount = collection.byteCount
    return true
  }

  /// Numbers the distinct strings.
  ///
  /// Returns false as soon as there are too many for a dictionary to pay: nearly all of the first
  /// rows, or more than seven eighths of all.
  func build(
    offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer, rowCount: Int
  ) -> Bool {
    source = nil
    var found = begin(rowCount)
    let slotCount = 1 << bitCount(of: found.limit * 2)
    let table = slots.array(of: UInt64.self, count: slotCount)
    table.initialize(repeating: 0, count: slotCount)
    return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.batchCount) { hashes in
      var row = 0
      while row < rowCount {
        let end = min(rowCount, row &+ Self.batchCount)
        for index in row..<end {
          hashes[index &- row] = StringHash.hash(
            bytes + Int(offsets[index]), Int(offsets[index &+ 1] &- offsets[index]))
        }
        for index in row..<end {
          let isFound = found.number(
            index, bytes + Int(offsets[index]), offsets[index &+ 1] &- offsets[index],
            hashes[index &- row], table, slotCount &- 1)
          if !isFound { return false }
        }
        row = end
        if row == Self.sampleRowCount && found.count > row - Self.sampleRepeatsMin { return false }
      }
      return self.end(found)
    }
  }

  /// Numbers those entries of a dictionary that the rows have; false as for strings.
  func build(
    codes own: UnsafePointer<UInt32>, of dictionary: StringTable, rowCount: Int
  ) -> Bool {
    source = dictionary
    var found = begin(rowCount)
    let ownCodes = ownCodeBuffer.array(of: UInt32.self, count: found.limit)
    let known = slots.array(of: UInt32.self, count: dictionary.count)
    known.initialize(repeating: 0, count: dictionary.count)
    let ends = dictionary.offsets.values(as: UInt32.self)
    guard let bytes = dictionary.bytes.bytes.baseAddress else { return false }
    for row in 0..<rowCount {
      let code = Int(own[row])
      if known[code] == 0 {
        if found.count == found.limit { return false }
        ownCodes[found.count] = own[row]
        _ = found.append(bytes + Int(ends[code]), ends[code &+ 1] &- ends[code])
        known[code] = UInt32(truncatingIfNeeded: found.count)
      }
      found.codes[row] = known[code] &- 1
    }
    return end(found)
  }
}
