import StorageBase
import StreamTransforms

/// Windows over all rows at once, computed as plainly as possible.
struct WindowOracle {
  let spec: WindowSpec

  struct Window: Hashable {
    var start: Int64
    var end: Int64
  }

  /// Whether a row comes too late for all windows it is in.
  func isLate(_ time: Int64, watermark: Int64?) -> Bool {
    guard let watermark else { return false }
    return !windows(of: time).contains { $0.end + spec.allowedLateness > watermark }
  }

  /// The windows of one row alone; that a row may be too late for some of them.
  func windows(of time: Int64) -> [Window] {
    switch spec.kind {
    case .session(let gap): return [Window(start: time, end: time + gap)]
    case .tumbling(let size): return aligned(time, size: size, slide: size)
    case .sliding(let size, let slide): return aligned(time, size: size, slide: slide)
    }
  }

  private func aligned(_ time: Int64, size: Int64, slide: Int64) -> [Window] {
    var windows: [Window] = []
    for step in -20...60 {
      let start = Int64(step) * slide
      if start <= time && time < start + size {
        windows.append(Window(start: start, end: start + size))
      }
    }
    return windows
  }

  /// The table of results: the figures of each key and start.
  /// - Parameter rows: with the watermark each was judged by, without those that were late.
  func table(_ rows: [(row: SampleRow, watermark: Int64?)]) -> [[Value]: [Value]] {
    var groups: [[Value]: [(SampleRow, Int64?)]] = [:]
    for (row, watermark) in rows {
      groups[spec.keys.map { row.value($0) }, default: []].append((row, watermark))
    }
    var table: [[Value]: [Value]] = [:]
    for (key, members) in groups {
      for (window, rows) in windows(of: members) {
        table[key + [.integer(Int128(window.start))]] =
          [.integer(Int128(window.end))] + spec.aggregates.map { figure($0, rows) }
      }
    }
    return table
  }

  private func windows(of members: [(SampleRow, Int64?)]) -> [Window: [SampleRow]] {
    var windows: [Window: [SampleRow]] = [:]
    guard case .session(let gap) = spec.kind else {
      for (row, watermark) in members {
        for window in self.windows(of: row.time ?? 0)
        where watermark.map({ window.end + spec.allowedLateness > $0 }) ?? true {
          windows[window, default: []].append(row)
        }
      }
      return windows
    }
    var session: [SampleRow] = []
    func finish() {
      guard let first = session.first?.time, let last = session.last?.time else { return }
      windows[Window(start: first, end: last + gap)] = session
      session = []
    }
    for (row, _) in members.sorted(by: { ($0.0.time ?? 0) < ($1.0.time ?? 0) }) {
      if let last = session.last?.time, (row.time ?? 0) - last >= gap { finish() }
      session.append(row)
    }
    finish()
    return windows
  }

  private func figure(_ aggregate: WindowAggregate, _ rows: [SampleRow]) -> Value {
    guard let column = aggregate.column else { return .integer(Int128(rows.count)) }
    let values = rows.map { $0.value(column) }.filter { !$0.isNull }
    func integer(_ value: Value) -> Int128 {
      if case .integer(let integer) = value { integer } else { 0 }
    }
    func number(_ value: Value) -> Double {
      if case .floating(let number) = value { number } else { 0 }
    }
    switch aggregate.function {
    case .count: return .integer(Int128(values.count))
    case .countDistinct: return .integer(Int128(Set(values).count))
    case .min: return values.min { $0.precedes($1) } ?? .null
    case .max: return values.max { $0.precedes($1) } ?? .null
    case .sum:
      if values.isEmpty { return .null }
      if column == "ratio" { return .floating(values.map(number).reduce(0, +)) }
      return .integer(values.map(integer).reduce(0, +))
    case .average:
      if values.isEmpty { return .null }
      let count = Double(values.count)
      if column == "ratio" { return .floating(values.map(number).reduce(0, +) / count) }
      let unit = column == "price" ? 100.0 : 1
      return .floating(Double(values.map(integer).reduce(0, +)) / unit / count)
    }
  }
}
