import ScanKernels
import StorageBase

/// The keys of some consecutive rows, in memory that must outlive it. What is asked may be hostile:
/// nothing outside of the page is read.
struct PrimaryKeyPage {
  let rowCount: Int
  /// What all keys begin with.
  let prefix: UnsafeRawBufferPointer
  let sequences: Sequences?
  /// Whether places take four bytes.
  private let isWide: Bool
  private let restartCount: Int
  private let heads: UnsafeRawPointer
  private let places: UnsafeRawPointer
  let entries: UnsafeRawBufferPointer

  /// Numbers of one width above the least.
  struct Sequences {
    let least: UInt64
    let width: Int
    let bytes: UnsafeRawBufferPointer

    subscript(row: Int) -> UInt64 {
      var offset: UInt64 = 0
      for index in 0..<width { offset |= UInt64(bytes[row * width + index]) << UInt64(8 * index) }
      return least &+ offset
    }
  }

  /// - Parameter bytes: the page with its checksum, which is the caller's business.
  /// - Throws: `StorageError.corrupt` when the parts do not fill the page.
  init(
    _ bytes: UnsafeRawBufferPointer, rowCount: Int, hasSequences: Bool, file: String,
    offset: UInt64
  ) throws {
    let content = bytes.count - SegmentLayout.checksumByteCount
    var reader = ByteReader(
      UnsafeRawBufferPointer(rebasing: bytes[..<content]), file: file, origin: offset)
    prefix = try reader.readBytes(
      reader.readCount("key prefix length", atMost: content), "key prefix")
    if hasSequences {
      let width = Int(try reader.read(UInt8.self, "sequence width"))
      guard width <= 8 else {
        throw reader.corrupt("sequence width", expected: "0...8", found: "\(width)")
      }
      let least = try reader.read(UInt64.self, "least sequence")
      let values = try reader.readBytes(rowCount * width, "sequences")
      sequences = Sequences(least: least, width: width, bytes: values)
    } else {
      sequences = nil
    }
    let entriesByteCount = try reader.readCount("key entries length", atMost: content)
    let isWide = entriesByteCount >= PrimaryKeyLayout.wideEntriesByteCount
    let restartCount = rowCount.ceilingDivision(by: PrimaryKeyLayout.restartInterval)
    let heads = try reader.readBytes(restartCount * 4, "key heads")
    let places = try reader.readBytes(restartCount * (isWide ? 4 : 2), "key places")
    entries = try reader.readBytes(entriesByteCount, "key entries")
    try reader.requireEnd("key page")
    guard let headStart = heads.baseAddress, let placeStart = places.baseAddress,
      entriesByteCount > 0
    else { throw reader.corrupt("key page", expected: "entries", found: "none") }
    self.rowCount = rowCount
    self.isWide = isWide
    self.restartCount = restartCount
    self.heads = headStart
    self.places = placeStart
  }

  @inline(__always) func head(_ restart: Int) -> UInt32 {
    UInt32(littleEndian: heads.loadUnaligned(fromByteOffset: restart &* 4, as: UInt32.self))
  }

  @inline(__always) func place(_ restart: Int) -> Int {
    isWide
      ? Int(
        UInt32(littleEndian: places.loadUnaligned(fromByteOffset: restart &* 4, as: UInt32.self)))
      : Int(
        UInt16(littleEndian: places.loadUnaligned(fromByteOffset: restart &* 2, as: UInt16.self)))
  }

  /// The row of the key, from the restart `first` on, which becomes the one that it lies behind:
  /// keys that ascend are looked for on from there. Nil when the page does not have the key.
  /// O(log rows).
  /// - Throws: `PrimaryKeyDamage` for entries that do not fit in the page.
  func row(of key: UnsafeRawBufferPointer, from first: inout Int) throws(PrimaryKeyDamage) -> Int? {
    guard key.count >= prefix.count, let start = key.baseAddress else { return nil }
    if let common = prefix.baseAddress,
      PrimaryKeyLayout.sharedByteCount(common, start, atMost: prefix.count) < prefix.count
    {
      return nil
    }
    let tail = UnsafeRawBufferPointer(
      start: start + prefix.count, count: key.count &- prefix.count)
    guard let restart = try restart(of: tail, from: first) else { return nil }
    first = restart
    return try scan(for: tail, from: restart)
  }

  /// The last restart from `first` on whose key is not above `tail`; nil if the first one is.
  private func restart(
    of tail: UnsafeRawBufferPointer, from first: Int
  ) throws(PrimaryKeyDamage) -> Int? {
    let head = tail.baseAddress.map { PrimaryKeyLayout.head($0, tail.count) } ?? 0
    var low = first
    var high = restartCount
    while low < high {
      let middle = (low &+ high) / 2
      let other = self.head(middle)
      let isAbove =
        other == head ? compareBytes(try restartKey(middle), tail) > 0 : other > head
      if isAbove { high = middle } else { low = middle &+ 1 }
    }
    return low > first ? low &- 1 : nil
  }

  private func restartKey(_ restart: Int) throws(PrimaryKeyDamage) -> UnsafeRawBufferPointer {
    var cursor = Cursor(entries, at: place(restart))
    try cursor.advance()
    return cursor.rest
  }

  /// Looks at the entries of one restart. `matched` bytes of `tail` are those of the entry looked
  /// at, and the entry is below it, so that most entries are passed by their lengths alone.
  private func scan(
    for tail: UnsafeRawBufferPointer, from restart: Int
  ) throws(PrimaryKeyDamage) -> Int? {
    let firstRow = restart &* PrimaryKeyLayout.restartInterval
    let count = min(PrimaryKeyLayout.restartInterval, rowCount &- firstRow)
    var cursor = Cursor(entries, at: place(restart))
    var matched = 0
    for index in 0..<count {
      try cursor.advance()
      if cursor.sharedByteCount > matched && index > 0 { continue }
      if cursor.sharedByteCount < matched && index > 0 { return nil }
      let rest = cursor.rest
      let room = min(rest.count, tail.count &- matched)
      var same = 0
      while same < room, rest[same] == tail[matched &+ same] { same &+= 1 }
      if same == rest.count {
        if matched &+ same == tail.count { return firstRow &+ index }
      } else if matched &+ same == tail.count || rest[same] > tail[matched &+ same] {
        return nil
      }
      matched &+= same
    }
    return nil
  }
}

/// An entry of a key page that does not lie in it, or what the page says of its entries is wrong.
struct PrimaryKeyDamage: Error {
  var reason: String
}

extension PrimaryKeyPage {
  /// Steps from entry to entry.
  struct Cursor {
    private let entries: UnsafeRawBufferPointer
    private(set) var position: Int
    private(set) var sharedByteCount = 0
    private(set) var rest = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ entries: UnsafeRawBufferPointer, at position: Int) {
      self.entries = entries
      self.position = position
    }

    var isAtEnd: Bool { position == entries.count }

    @inline(__always) mutating func advance() throws(PrimaryKeyDamage) {
      guard position < entries.count else { throw Self.outside }
      let lengths = Int(entries[position])
      position &+= 1
      sharedByteCount = lengths &>> 4
      var restByteCount = lengths & 15
      if sharedByteCount == PrimaryKeyLayout.longLength { sharedByteCount &+= try readVarint() }
      if restByteCount == PrimaryKeyLayout.longLength { restByteCount &+= try readVarint() }
      guard restByteCount <= entries.count &- position else { throw Self.outside }
      rest = UnsafeRawBufferPointer(
        start: entries.baseAddress.map { $0 + position }, count: restByteCount)
      position &+= restByteCount
    }

    /// Below 2^35, so that no sum overflows.
    private mutating func readVarint() throws(PrimaryKeyDamage) -> Int {
      var value = 0
      for shift in stride(from: 0, to: 35, by: 7) {
        guard position < entries.count else { throw Self.outside }
        let byte = entries[position]
        position &+= 1
        value |= Int(byte & 0x7F) &<< shift
        if byte < 0x80 { return value }
      }
      throw Self.outside
    }

    private static var outside: PrimaryKeyDamage {
      PrimaryKeyDamage(reason: "an entry outside of it")
    }
  }
}
