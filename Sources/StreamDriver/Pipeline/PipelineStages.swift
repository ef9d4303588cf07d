import StorageBase
import StreamTransforms

/// What a pipeline does with the rows of one writer.
final class PipelineStages: StreamStages {
  /// The side output for rows that could not be read, or were sent away by a rule.
  static let rejected = "rejected"

  /// The side output for rows that came too late for their windows.
  static let late = "late"

  private var chain: TransformChain
  private let windows: [PipelineWindow]
  private var partials: [WindowPartial]
  private var router: TableRouter

  init(
    _ parts: PipelineParts, tables: any TableCatalogue, horizon: EventTimeHorizon
  ) throws {
    chain = try parts.makeChain()
    windows = parts.windows
    partials = Self.partials(windows, horizon)
    router = try TableRouter(parts.tables, rows: parts.schema, tables: tables)
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
    let rows = try chain.apply(batch.rows, at: now, rejected: &rejected)
    for (window, partial) in zip(windows, partials) {
      guard let late = partial.add(rows, rejected: &rejected) else { continue }
      staged.sideRows += (0..<late.rowCount).map { row in
        let row = late.rejected(row, by: window.name, because: "it came too late for its window")
        return SideRow(output: Self.late, line: row.line)
      }
    }
    staged.sideRows += rejected.map { SideRow(output: Self.rejected, line: $0.line) }
    staged.writes = try router.route(rows.rows)
    return staged
  }

  func endEpoch(horizon: EventTimeHorizon) -> [any Sendable] {
    let parts = partials.enumerated().map { WindowPart(window: $0, partial: $1) }
    partials = Self.partials(windows, horizon)
    return parts
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
