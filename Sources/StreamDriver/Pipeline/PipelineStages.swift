import ScanKernels
import StorageBase
import StreamTransforms

/// What a pipeline does with the rows of one writer.
final class PipelineStages: StreamStages {
  /// The side output for rows that could not be read, or were sent away by a rule.
  static let rejected = "rejected"

  /// The side output for rows that came too late for their windows.
  static let late = "late"

  /// What happens to rows of the same columns.
  private struct Way {
    let parts: PipelineParts
    var chain: TransformChain
    var router: TableRouter
  }

  private let parts: PipelineParts
  private let tables: any TableCatalogue
  /// One for each schema that rows have had since the beginning of the run.
  private var ways: [Way]
  private let windows: [PipelineWindow]
  private var partials: [WindowPartial]

  /// - Parameter requires: whether the table of a name has to be as its rows are at the beginning.
  init(
    _ parts: PipelineParts, tables: any TableCatalogue, horizon: EventTimeHorizon,
    requiring requires: (String) -> Bool = { _ in true }
  ) throws {
    self.parts = parts
    self.tables = tables
    ways = [
      Way(
        parts: parts, chain: try parts.makeChain(),
        router: try parts.router(tables, requiring: requires))
    ]
    windows = parts.windows
    partials = Self.partials(windows, horizon)
  }

  /// The way of rows, which is made when the first of their columns come.
  private func way(of schema: Schema) throws -> Int {
    if let known = ways.firstIndex(where: { $0.parts.input == schema }) { return known }
    let changed = try parts.with(source: schema)
    ways.append(
      Way(
        parts: changed, chain: try changed.makeChain(),
        router: try changed.router(tables, requiring: { _ in false })))
    return ways.count - 1
  }

  private static func partials(
    _ windows: [PipelineWindow], _ horizon: EventTimeHorizon
  ) -> [WindowPartial] {
    windows.enumerated().map { index, window in
      WindowPartial(
        window.plan,
        watermark: index < horizon.watermarks.count ? horizon.watermarks[index] : nil)
    }
  }

  func process(_ batch: SourceBatch, at now: Timestamp) throws -> StagedRows {
    var staged = StagedRows()
    var rejected = batch.unreadable
    let way = try way(of: batch.rows.schema)
    let rows = try ways[way].chain.apply(batch.rows, at: now, rejected: &rejected)
    let gathered = windows.isEmpty ? rows : rows.with(rows.rows.asBefore(parts.first))
    for (window, partial) in zip(windows, partials) {
      guard let late = partial.add(gathered, rejected: &rejected) else { continue }
      staged.sideRows += (0..<late.rowCount).map { row in
        let row = late.rejected(row, by: window.name, because: "it came too late for its window")
        return SideRow(output: Self.late, line: row.line)
      }
    }
    staged.writes = try ways[way].router.route(
      rows, given: ways[way].chain.given(rows), rejected: &rejected)
    staged.sideRows += rejected.map { SideRow(output: Self.rejected, line: $0.line) }
    return staged
  }

  var counters: [StepCounters] {
    var sums = ways[0].chain.counters
    for way in ways.dropFirst() {
      for (place, counters) in way.chain.counters.enumerated() { sums[place].add(counters) }
    }
    return sums
  }

  func endEpoch(horizon: EventTimeHorizon) -> [any Sendable] {
    let parts = partials.enumerated().map { WindowPart(window: $0, partial: $1) }
    partials = Self.partials(windows, horizon)
    return parts
  }
}

extension ColumnBatch {
  /// The rows with the columns they had at the beginning, as far as they have them still: windows
  /// gather no others.
  fileprivate func asBefore(_ first: Schema) -> ColumnBatch {
    if schema == first { return self }
    let vectors = first.columns.map { column in
      let place = schema.index(of: column.name)
      guard let place, schema.columns[place].type == column.type else {
        return ColumnVector.constant(.null, type: column.type, count: rowCount)
      }
      return columns[place]
    }
    return ColumnBatch(schema: first, rowCount: rowCount, columns: vectors)
  }
}

extension RejectedRow {
  /// One line of a side output.
  var line: String {
    JSONValue.object([
      JSONValue.Member("partition", .string(partition)),
      JSONValue.Member("offset", .integer(Int(offset))), JSONValue.Member("rule", .string(rule)),
      JSONValue.Member("reason", .string(reason)), JSONValue.Member("row", .string(row)),
    ]).compactText
  }
}
