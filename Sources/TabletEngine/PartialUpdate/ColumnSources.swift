import ScanKernels
import StorageBase

/// Where the values of one column come from, row by row: given rows, old rows, or the default. Not
/// thread-safe.
struct ColumnSources {
  private static let givenKind: UInt8 = 0
  private static let oldKind: UInt8 = 1
  private static let defaultKind: UInt8 = 2

  let given: ColumnVector?
  var old: OldRows?
  /// By row, its place in its source.
  var rows: [UInt32] = []
  /// By row, its source; empty while all are given.
  private var kinds: [UInt8] = []
  var givenCount = 0
  private var oldCount = 0
  private var defaultCount = 0
  /// The first key that has to have the default; nil for none.
  private(set) var keyWithoutValue: Int?

  init(given: ColumnVector?) { self.given = given }

  mutating func appendGiven(_ row: UInt32) {
    rows.append(row)
    kinds.append(Self.givenKind)
    givenCount += 1
  }

  mutating func appendOld(_ position: UInt32) {
    rows.append(position)
    kinds.append(Self.oldKind)
    oldCount += 1
  }

  mutating func appendDefault(isNeeded: Bool, key: Int) {
    rows.append(0)
    kinds.append(Self.defaultKind)
    defaultCount += 1
    if isNeeded, keyWithoutValue == nil { keyWithoutValue = key }
  }

  /// The values of all rows.
  /// - Throws: what reading the old rows throws.
  func vector(of column: Column, default value: Value) throws -> ColumnVector {
    let count = rows.count
    if defaultCount == count { return .constant(value, type: column.type, count: count) }
    if givenCount == count, let given { return given.gather(rows) }
    let old = oldCount > 0 ? try old?.read(column) : nil
    if oldCount == count, let old { return old.gather(rows) }
    // One after the other, and rows of that.
    let builder = ColumnBuilder(type: column.type)
    if givenCount > 0, let given { builder.append(given, rows: 0..<given.count) }
    let oldStart = UInt32(builder.count)
    if let old { builder.append(old, rows: 0..<old.count) }
    let defaultStart = UInt32(builder.count)
    if defaultCount > 0 { builder.append(value) }
    let starts = [0, oldStart, defaultStart]
    return builder.finish().gather(zip(rows, kinds).map { $0 + starts[Int($1)] })
  }
}
