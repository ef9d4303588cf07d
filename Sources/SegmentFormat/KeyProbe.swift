import ScanKernels
import StorageBase

/// Keys to be looked for in one segment after another, until they are found. A value; thread-safe
/// as such.
public struct KeyProbe: Sendable {
  /// Ascending by their bytes, as `SortKeyBytes.encode` makes them.
  public let keys: StringTable
  /// Which of the keys are still looked for, ascending.
  public private(set) var pending: [UInt32]
  /// `UInt64` for each key: what filters are asked with.
  let hashes: AlignedBuffer

  /// - Precondition: the keys ascend; equal ones are looked for one by one. They are those of rows
  ///   with the key columns of the segments.
  public init(_ keys: StringTable) {
    self.keys = keys
    pending = Array(0..<UInt32(keys.count))
    hashes = AlignedBuffer(byteCount: keys.count * 8)
    let target = hashes.mutableValues(as: UInt64.self)
    for index in 0..<keys.count { target[index] = FilterHash.hash(keys[index]) }
  }

  /// Looks no longer for the keys of these matches. Linear in the pending keys.
  /// - Precondition: the matches ascend by key, as `SegmentReader.findKeys` gives them.
  public mutating func drop(_ matches: some Sequence<KeyMatch>) {
    var found = matches.makeIterator()
    var next = found.next()
    pending.removeAll { key in
      while let match = next, match.key < key { next = found.next() }
      return next?.key == key
    }
  }
}

/// Where a key was found.
public struct KeyMatch: Hashable, Sendable {
  /// The position of the key among those looked for.
  public var key: UInt32
  /// The ordinal of its row in the segment.
  public var row: UInt32
  /// The row's sequence, as `SequenceCodes` has it; 0 when there is none.
  public var sequence: UInt64

  public init(key: UInt32, row: UInt32, sequence: UInt64 = 0) {
    self.key = key
    self.row = row
    self.sequence = sequence
  }
}

/// Exact counts of what looking for keys took.
public struct KeyProbeWork: Hashable, Sendable {
  /// Keys that a segment was asked for, once for each segment.
  public var keys = 0
  /// Of those, keys that lie outside of the keys of the segment.
  public var boundsRejects = 0
  /// Of those, keys that the filter excluded.
  public var filterRejects = 0
  /// Key pages, or pages of columns where there are none, that were looked into.
  public var pages = 0
  /// Their bytes in the file.
  public var bytes = 0
  /// Keys that were found.
  public var matches = 0

  public init() {}

  public static func += (total: inout KeyProbeWork, part: KeyProbeWork) {
    total.keys += part.keys
    total.boundsRejects += part.boundsRejects
    total.filterRejects += part.filterRejects
    total.pages += part.pages
    total.bytes += part.bytes
    total.matches += part.matches
  }
}
