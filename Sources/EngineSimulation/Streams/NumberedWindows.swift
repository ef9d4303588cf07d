import ScanKernels
import StorageBase
import StreamDriver
import StreamTransforms

/// Windows over the rows of a `NumberedStream`, and what must be in them.
struct NumberedWindows {
  private static let second: Int64 = 1_000_000
  static let minutes = WindowSpec(
    kind: .sliding(size: 20 * second, slide: 10 * second), time: "at", keys: ["grp"],
    aggregates: aggregates, delay: NumberedStream.jitter)
  static let sessions = WindowSpec(
    kind: .session(gap: 2 * second), time: "at", keys: ["grp"], aggregates: aggregates,
    delay: NumberedStream.jitter)
  private static let aggregates = [
    WindowAggregate(.count, as: "n"), WindowAggregate(.sum, "amount", as: "total"),
    WindowAggregate(.countDistinct, "amount", as: "amounts"),
  ]

  /// A pipeline that sends rows to two tables and into windows.
  static func pipeline(emit: WindowSpec.Emit, changesColumns: Bool) -> PipelineSpec {
    let tables = NumberedStages.tables
    var spec = PipelineSpec(
      name: "numbers", source: .generated(GeneratorSpec(.orders)),
      tables: [
        SinkTable(name: tables.even, condition: "parity = 0"),
        SinkTable(name: tables.odd, condition: "parity = 1"),
      ])
    if changesColumns {
      var changes = SchemaChangeSpec(.apply)
      changes.refused = .divert
      spec.schemaChanges = changes
    }
    var (minutes, sessions) = (minutes, sessions)
    minutes.emit = emit
    sessions.emit = emit
    spec.windows = [
      WindowTable(name: "minutes", window: minutes),
      WindowTable(name: "sessions", window: sessions),
    ]
    return spec
  }

  /// The rows of a table of results, as a batch computation has them: group, start, end, count,
  /// sum, distinct amounts.
  static func expected(_ spec: WindowSpec, ids: [Int64]) -> [[Int64]] {
    var byWindow: [[Int64]: [Int64]] = [:]
    switch spec.kind {
    case .tumbling(let size): collect(ids, size, size, into: &byWindow)
    case .sliding(let size, let slide): collect(ids, size, slide, into: &byWindow)
    case .session(let gap):
      for group in 0..<NumberedStream.groupCount {
        let own = ids.filter { $0 % NumberedStream.groupCount == group }
          .sorted { NumberedStream.time(of: $0) < NumberedStream.time(of: $1) }
        var session: [Int64] = []
        for id in own {
          if let last = session.last,
            NumberedStream.time(of: id) - NumberedStream.time(of: last) >= gap
          {
            close(session, gap, into: &byWindow)
            session = []
          }
          session.append(id)
        }
        close(session, gap, into: &byWindow)
      }
    }
    return byWindow.map { window, ids in
      let amounts = ids.map { NumberedStream.amount(of: $0) }
      return window + [Int64(ids.count), amounts.reduce(0, +), Int64(Set(amounts).count)]
    }.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private static func collect(
    _ ids: [Int64], _ size: Int64, _ slide: Int64, into byWindow: inout [[Int64]: [Int64]]
  ) {
    for id in ids {
      let time = NumberedStream.time(of: id)
      var start = time / slide * slide
      while start > time - size {
        byWindow[[id % NumberedStream.groupCount, start, start + size], default: []].append(id)
        start -= slide
      }
    }
  }

  private static func close(
    _ session: [Int64], _ gap: Int64, into byWindow: inout [[Int64]: [Int64]]
  ) {
    guard let first = session.first, let last = session.last else { return }
    byWindow[
      [
        first % NumberedStream.groupCount, NumberedStream.time(of: first),
        NumberedStream.time(of: last) + gap,
      ]] = session
  }
}
