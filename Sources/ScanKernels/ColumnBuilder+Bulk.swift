import StorageBase

/// Many rows at a time, written by the caller: what costs a call, a check and a look at the type
/// for each value otherwise costs them once.
extension ColumnBuilder {
  /// Where the caller writes strings that were appended.
  public struct StringTarget {
    /// The offset of the end of each string, in the column's bytes.
    public let ends: UnsafeMutablePointer<UInt32>
    /// Where the first string begins; `copySlack` bytes after the last may be overwritten.
    public let bytes: UnsafeMutableRawPointer
    /// The offset of that place.
    public let start: UInt32
  }

  /// How far a copy may run over the end of the strings.
  public static let copySlack = 32

  /// Appends `rowCount` values of fixed width, which the caller sets at the address returned before
  /// anything else is done with the builder. Values of null rows are to be zero.
  /// - Precondition: the column is not of type string.
  public func extend(rowCount: Int) -> UnsafeMutableRawPointer {
    precondition(physical != .bytes, "values of fixed width for a column of \(type)")
    count += rowCount
    return values.extend(by: rowCount * physical.width)
  }

  /// Appends `rowCount` strings of `byteCount` bytes together, which the caller sets before
  /// anything else is done with the builder.
  /// - Precondition: the column is of type string, and its strings have fewer than 2^32 bytes
  ///   together.
  public func extendStrings(rowCount: Int, byteCount: Int) -> StringTarget {
    precondition(physical == .bytes, "strings for a column of \(type)")
    precondition(heap.count + byteCount <= Int(UInt32.max), "strings of more than 4 GiB")
    let start = UInt32(heap.count)
    let bytes = heap.extend(by: byteCount, slack: Self.copySlack)
    let ends = values.extend(by: rowCount * 4).assumingMemoryBound(to: UInt32.self)
    count += rowCount
    return StringTarget(ends: ends, bytes: bytes, start: start)
  }

  /// Makes a row null whose value is zero or empty.
  /// - Precondition: `row` was appended, and is after all null rows so far.
  public func markNull(_ row: Int) {
    precondition(row < count && row > nullRows.last ?? -1)
    nullRows.append(row)
  }

  /// Drops the rows after the first `kept`.
  /// - Precondition: there are so many.
  public func truncate(to kept: Int) {
    precondition(kept <= count)
    count = kept
    if physical == .bytes {
      let ends = values.bytes.assumingMemoryBound(to: UInt32.self)
      heap.truncate(to: Int(ends[kept]))
      values.truncate(to: (kept + 1) * 4)
    } else {
      values.truncate(to: kept * physical.width)
    }
    while let last = nullRows.last, last >= kept { nullRows.removeLast() }
  }
}
