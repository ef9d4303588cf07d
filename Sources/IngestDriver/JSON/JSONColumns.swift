import ScanKernels
import StorageBase

/// The values of some rows, column by column: noted where they lie, then parsed and appended. Not
/// thread-safe.
final class JSONColumns {
  /// Values noted at a time: what they take stays in the second-level cache.
  private static let slotCountMax = 16 << 10

  private let layout: JSONLayout
  private let builders: [ColumnBuilder]
  private let fields: [BlockFields]
  /// By column and row, whether the row has it.
  private let given: AlignedBuffer
  let targets: UnsafeMutablePointer<JSONCapture.Target>
  /// Rows that can be noted at a time.
  let rowCountMax: Int
  /// Rows in the builders, those that must not come out, and who has what of all of them.
  private var rowCount = 0
  private var droppedRows: [Int] = []
  private var givenRows: [[UInt8]]

  init(_ layout: JSONLayout) {
    self.layout = layout
    let rowCountMax = min(1024, max(1, Self.slotCountMax / max(1, layout.columns.count)))
    self.rowCountMax = rowCountMax
    builders = layout.columns.map { ColumnBuilder(type: $0.type) }
    fields = layout.columns.map { _ in BlockFields(capacity: rowCountMax) }
    given = AlignedBuffer(byteCount: layout.columns.count * rowCountMax)
    givenRows = layout.columns.map { _ in [] }
    targets = .allocate(capacity: max(1, layout.columns.count))
    let flags = given.mutableValues(as: UInt8.self).baseAddress!
    for (column, field) in fields.enumerated() {
      (targets + column).initialize(
        to: JSONCapture.Target(
          starts: field.starts, lengths: field.lengths, nulls: field.nulls,
          given: flags + column * rowCountMax))
    }
  }

  deinit { targets.deallocate() }

  var count: Int { fields.count }

  var keptRowCount: Int { rowCount - droppedRows.count }

  /// Notes for the next rows that they have nothing.
  func clear(rowCount: Int) {
    for column in 0..<count {
      let target = targets[column]
      target.starts.update(repeating: 0, count: rowCount)
      target.lengths.update(repeating: 0, count: rowCount)
      target.nulls.update(repeating: 1, count: rowCount)
      target.given.update(repeating: 0, count: rowCount)
    }
  }

  /// Appends what was noted for the first rows.
  /// - Parameters:
  ///   - text: what the places are in; 32 bytes after every value may be read.
  ///   - isValidText: whether it is UTF-8 between any two ASCII characters.
  /// - Returns: the rows of which a value is none of its column, ascending.
  func append(
    rowCount: Int, text: UnsafeMutablePointer<UInt8>, isValidText: Bool
  ) -> [(row: Int, fault: RowFault)] {
    guard rowCount > 0 else { return [] }
    var faults: [Int: RowFault] = [:]
    for column in 0..<count {
      let fields = fields[column]
      let builder = builders[column]
      let start = builder.count
      fields.text = UnsafeRawPointer(text)
      fields.count = rowCount
      fields.isValidText = isValidText
      if !isPlain(column, rowCount) || !layout.columns[column].append(fields, to: builder) {
        if builder.count > start { builder.truncate(to: start) }
        appendOneByOne(column, rowCount, &faults)
      }
      if layout.namesOwnColumns {
        givenRows[column] += UnsafeBufferPointer(start: targets[column].given, count: rowCount)
      }
    }
    let first = self.rowCount
    self.rowCount += rowCount
    let ordered = faults.sorted { $0.key < $1.key }.map { (row: $0.key, fault: $0.value) }
    droppedRows += ordered.map { first + $0.row }
    return ordered
  }

  /// Whether no row lacks a value that it has to have, or is to get another than null instead.
  private func isPlain(_ column: Int, _ rowCount: Int) -> Bool {
    let target = targets[column]
    var nullCount = 0
    var givenCount = 0
    for row in 0..<rowCount {
      nullCount &+= Int(target.nulls[row])
      givenCount &+= Int(target.given[row])
    }
    fields[column].nullCount = nullCount
    let missingCount = rowCount - givenCount
    let mayBeNull = layout.columns[column].isNullable
    return (nullCount == missingCount || mayBeNull)
      && (missingCount == 0 || layout.defaults[column] == nil && layout.mayLack(column))
  }

  private func appendOneByOne(_ column: Int, _ rowCount: Int, _ faults: inout [Int: RowFault]) {
    let builder = builders[column]
    let target = targets[column]
    let name = layout.schema.columns[column].name
    for row in 0..<rowCount {
      if target.nulls[row] != 0 {
        if let fault = appendAbsent(column, isGiven: target.given[row] != 0) {
          faults[row] = faults[row] ?? fault
        }
        continue
      }
      let bytes = fields[column].bytes(row)
      do throws(TextProblem) {
        try layout.columns[column].append(bytes, to: builder)
      } catch {
        builder.appendNull()
        let reason = error.reason(for: builder.type)
        faults[row] =
          faults[row]
          ?? RowFault(reason: reason, column: name, value: RowProblem.shown(bytes))
      }
    }
  }

  /// Appends what stands for no value, or null when there has to be one.
  private func appendAbsent(_ column: Int, isGiven: Bool) -> RowFault? {
    let builder = builders[column]
    if !isGiven, let value = layout.defaults[column] {
      builder.append(value)
      return nil
    }
    builder.appendNull()
    guard !(isGiven ? layout.columns[column].isNullable : layout.mayLack(column)) else {
      return nil
    }
    return RowFault(
      reason: isGiven
        ? "null, but the column is not nullable"
        : "missing, and the column is not nullable and has no default",
      column: layout.schema.columns[column].name, value: isGiven ? "null" : nil)
  }

  /// The rows appended since the last time.
  func finish() -> InputRows? {
    let keptCount = keptRowCount
    let dropped = droppedRows
    let vectors = builders.map { $0.finish() }
    let flags = givenRows
    rowCount = 0
    droppedRows.removeAll(keepingCapacity: true)
    for column in givenRows.indices { givenRows[column].removeAll(keepingCapacity: true) }
    guard keptCount > 0 else { return nil }
    let batch = ColumnBatch(
      schema: layout.schema, rowCount: keptCount,
      columns: dropped.isEmpty ? vectors : vectors.map { $0.dropping(dropped) })
    guard layout.namesOwnColumns else { return InputRows(batch) }
    return InputRows(batch, given: flags.map { Self.bitmap($0, dropping: dropped) })
  }

  /// The rows that have a column; nil for all.
  private static func bitmap(_ flags: [UInt8], dropping dropped: [Int]) -> Bitmap? {
    let bitmap = Bitmap(count: flags.count - dropped.count)
    var next = 0
    var kept = 0
    for (row, flag) in flags.enumerated() {
      if next < dropped.count, dropped[next] == row {
        next += 1
        continue
      }
      if flag != 0 { bitmap.set(kept) }
      kept += 1
    }
    return bitmap.setCount == bitmap.count ? nil : bitmap
  }
}
