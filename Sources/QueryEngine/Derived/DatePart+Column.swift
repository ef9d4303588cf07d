import ScanKernels
import StorageBase

extension DatePart {
  private static let microsecondsPerDay: Int64 = 86_400_000_000

  private func value(ofDay day: Int) -> Int32 {
    let date = CivilDate(daysSinceEpoch: day)
    switch self {
    case .year: return Int32(truncatingIfNeeded: date.year)
    case .month: return Int32(date.month)
    case .day: return Int32(date.day)
    }
  }

  /// - Precondition: the column is of type date or datetime.
  func vector(of dates: ColumnVector) -> ColumnVector {
    let buffer = AlignedBuffer(byteCount: dates.count * 4)
    let target = buffer.mutableValues(as: Int32.self)
    if dates.type == .date {
      let days = dates.values(as: Int32.self)
      for row in 0..<dates.count { target[row] = value(ofDay: Int(days[row])) }
    } else {
      let times = dates.values(as: Int64.self)
      for row in 0..<dates.count {
        let day = times[row].flooredDivision(by: Self.microsecondsPerDay)
        target[row] = value(ofDay: Int(day))
      }
    }
    dates.nulls?.forEachSet { target[$0] = 0 }
    return ColumnVector(
      type: .int32, count: dates.count, body: .fixed(buffer), nulls: dates.nulls)
  }

  /// Months and days repeat, so that only the ends of their ranges are known.
  func bounds(of dates: ValueBounds, type: DataType) -> ValueBounds {
    let lower: Value
    var upper: Value?
    switch (self, dates.lower, dates.upper) {
    case (_, .null, _): return .nulls(rowCount: dates.rowCount)
    case (.year, .integer(let low), .integer(let high)?):
      let unit = type == .datetime ? Self.microsecondsPerDay : 1
      lower = year(Int64(low), unit)
      upper = year(Int64(high), unit)
    case (.year, _, _):
      return ValueBounds(
        lower: .integer(Int128(Int32.min)), upper: nil, nullCount: dates.nullCount,
        rowCount: dates.rowCount)
    case (.month, _, _): (lower, upper) = (.integer(1), .integer(12))
    case (.day, _, _): (lower, upper) = (.integer(1), .integer(31))
    }
    return ValueBounds(
      lower: lower, upper: upper, nullCount: dates.nullCount, rowCount: dates.rowCount)
  }

  private func year(_ stored: Int64, _ unit: Int64) -> Value {
    .integer(Int128(value(ofDay: Int(stored.flooredDivision(by: unit)))))
  }
}
