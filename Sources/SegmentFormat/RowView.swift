import StorageBase

/// The values of one row, where its bytes lie. Valid as long as the bytes are: during the call that
/// lends it. Its structure was checked, so that no access leaves the bytes. Not to be kept.
///
/// A *field* is a position in `RowLayout.columns`; one outside is a programming error. Finding a
/// field takes constant time in narrow rows; in wide ones it counts bits, 64 columns at a time.
public struct RowView {
  @usableFromInline let base: UnsafeRawPointer
  /// Bytes of the row.
  public let byteCount: Int
  @usableFromInline unowned(unsafe) let owner: RowLayout
  /// Where the ends of strings begin, and their bytes.
  @usableFromInline let endsOffset: Int
  @usableFromInline let textOffset: Int
  /// Bytes of an end.
  @usableFromInline let endWidth: Int

  @usableFromInline
  init(
    _ base: UnsafeRawPointer, byteCount: Int, _ owner: RowLayout, endsOffset: Int, textOffset: Int,
    endWidth: Int
  ) {
    self.base = base
    self.byteCount = byteCount
    self.owner = owner
    self.endsOffset = endsOffset
    self.textOffset = textOffset
    self.endWidth = endWidth
  }

  /// Nil for bytes that are no row of the layout. Linear in the strings of the row.
  /// - Precondition: the layout outlives the view.
  public init?(checking bytes: UnsafeRawBufferPointer, _ owner: RowLayout) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return nil }
    let endWidth = Int(base.load(as: UInt8.self))
    let (endsOffset, endCount): (Int, Int)
    if owner.isDense {
      (endsOffset, endCount) = (owner.denseEndsOffset, owner.stringFields.count)
    } else {
      guard let found = SparseRow.measure(bytes, owner.slots) else { return nil }
      (endsOffset, endCount) = (found.endsOffset, found.endCount)
    }
    let textOffset = endsOffset + endCount * endWidth
    guard endCount == 0 ? endWidth == 0 : endWidth == 1 || endWidth == 2 || endWidth == 4,
      textOffset <= bytes.count
    else { return nil }
    var end = 0
    for index in 0..<endCount {
      let next = Self.end(at: base + endsOffset + index &* endWidth, width: endWidth)
      guard next >= end else { return nil }
      end = next
    }
    guard end == bytes.count - textOffset else { return nil }
    self.init(
      base, byteCount: bytes.count, owner, endsOffset: endsOffset, textOffset: textOffset,
      endWidth: endWidth)
  }

  public var layout: RowLayout { owner }
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  @inlinable @inline(__always)
  static func end(at place: UnsafeRawPointer, width: Int) -> Int {
    switch width {
    case 1: Int(place.load(as: UInt8.self))
    case 2: Int(UInt16(littleEndian: place.loadUnaligned(as: UInt16.self)))
    default: Int(UInt32(littleEndian: place.loadUnaligned(as: UInt32.self)))
    }
  }

  @inlinable public func isNull(_ field: Int) -> Bool {
    let entry = owner.fields[field]
    guard owner.isDense else { return isAbsent(entry) && owner.columns[field].isNullable }
    let bit = Int(entry.nullBit)
    return bit >= 0
      && base.load(fromByteOffset: bit &>> 3, as: UInt8.self) &>> UInt8(bit & 7) & 1 != 0
  }

  /// The value of an integer column of at most 64 bits; 0 for null.
  @inlinable public func integer(_ field: Int) -> Int64 {
    let entry = owner.fields[field]
    guard let place = place(of: entry) else { return 0 }
    switch entry.physical {
    case .int8: return Int64(place.load(as: Int8.self))
    case .int16: return Int64(Int16(littleEndian: place.loadUnaligned(as: Int16.self)))
    case .int32: return Int64(Int32(littleEndian: place.loadUnaligned(as: Int32.self)))
    case .int64: return Int64(littleEndian: place.loadUnaligned(as: Int64.self))
    case .int128, .float32, .float64, .bytes:
      preconditionFailure("no integer of 64 bits in a column of \(entry.physical)")
    }
  }

  /// The value of any integer column; 0 for null.
  @inlinable public func wideInteger(_ field: Int) -> Int128 {
    let entry = owner.fields[field]
    guard entry.physical == .int128 else { return Int128(integer(field)) }
    guard let place = place(of: entry) else { return 0 }
    return Int128(littleEndian: place.loadUnaligned(as: Int128.self))
  }

  /// The value of a column of type float or double; 0 for null.
  @inlinable public func floating(_ field: Int) -> Double {
    let entry = owner.fields[field]
    guard let place = place(of: entry) else { return 0 }
    switch entry.physical {
    case .float32:
      return Double(
        Float(bitPattern: UInt32(littleEndian: place.loadUnaligned(as: UInt32.self))))
    case .float64:
      return Double(bitPattern: UInt64(littleEndian: place.loadUnaligned(as: UInt64.self)))
    case .int8, .int16, .int32, .int64, .int128, .bytes:
      preconditionFailure("no floating-point number in a column of \(entry.physical)")
    }
  }

  /// The bytes of a string; none for null.
  @inlinable public func text(_ field: Int) -> UnsafeRawBufferPointer {
    let entry = owner.fields[field]
    precondition(entry.physical == .bytes, "not a string column")
    let rank = owner.isDense ? Int(entry.offset) : stringRank(of: entry)
    guard rank >= 0 else { return UnsafeRawBufferPointer(start: base, count: 0) }
    let ends = base + endsOffset
    let start = rank == 0 ? 0 : Self.end(at: ends + (rank &- 1) &* endWidth, width: endWidth)
    let end = Self.end(at: ends + rank &* endWidth, width: endWidth)
    return UnsafeRawBufferPointer(start: base + textOffset + start, count: end &- start)
  }

  /// One field as a value; for results and messages, not for loops over rows.
  public func value(_ field: Int) -> Value {
    if isNull(field) { return .null }
    switch owner.fields[field].physical {
    case .int8, .int16, .int32, .int64: return .integer(Int128(integer(field)))
    case .int128: return .integer(wideInteger(field))
    case .float32, .float64: return .floating(floating(field))
    case .bytes: return .string(String(decoding: text(field), as: UTF8.self))
    }
  }

  /// All fields. In a wide row the cheaper way when many are wanted.
  public var values: [Value] { owner.columns.indices.map(value) }

  /// Where a value of fixed width lies; nil when it is null or zero and not stored.
  @inlinable @inline(__always)
  func place(of entry: RowField) -> UnsafeRawPointer? {
    owner.isDense ? base + Int(entry.offset) : sparsePlace(of: entry)
  }

  @usableFromInline @inline(never) func sparsePlace(of entry: RowField) -> UnsafeRawPointer? {
    SparseRow(base, owner.slots).place(ofSlot: Int(entry.slot))
  }

  @usableFromInline @inline(never) func isAbsent(_ entry: RowField) -> Bool {
    !SparseRow(base, owner.slots).isPresent(slot: Int(entry.slot))
  }

  /// The number of a string among those of the row; -1 when it is not stored.
  @usableFromInline @inline(never) func stringRank(of entry: RowField) -> Int {
    SparseRow(base, owner.slots).stringRank(ofSlot: Int(entry.slot))
  }
}
