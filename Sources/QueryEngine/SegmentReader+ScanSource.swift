import ScanKernels
import SegmentFormat
import StorageBase

extension SegmentReader: ScanSource {
  public var isAltered: Bool { false }
  public func liveRows(in range: Range<Int>) -> Bitmap? { nil }

  public func bounds(ofColumn column: Int) -> ValueBounds? { zoneMap(column: column).bounds }

  public func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    try zoneMap(column: column, page: page).bounds
  }

  public func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    var pageWork = PageWork()
    defer { work.add(pageWork) }
    return try queriedPage(column: column, page: page, work: &pageWork)
  }

  public func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector {
    var pageWork = PageWork()
    defer { work.add(pageWork) }
    return try queriedPage(column: column, page: page, rows: rows, work: &pageWork)
  }
}

extension ScanWork {
  mutating func add(_ part: PageWork) {
    columnPagesRead += part.pages
    bytesStored += part.bytesStored
    bytesDecoded += part.bytesDecoded
  }
}

extension ZoneMap {
  var bounds: ValueBounds {
    min.isNull
      ? .nulls(rowCount: rowCount)
      : ValueBounds(
        lower: min, upper: isMaxOpen ? nil : max, nullCount: nullCount, rowCount: rowCount,
        isLowerExact: isMinExact, isUpperExact: isMaxExact && !isMaxOpen)
  }
}
