import StorageBase
import StreamTransforms

/// What a pipeline does with the rows of one writer.
final class PipelineStages: StreamStages {
  /// The side output for rows that could not be read, or were sent away by a rule.
  static let rejected = "rejected"

  private var router: TableRouter

  init(_ spec: PipelineSpec, source schema: Schema, tables: any TableCatalogue) throws {
    router = try TableRouter(spec.tables, rows: schema, tables: tables)
  }

  func process(_ batch: SourceBatch, at now: Timestamp) throws -> StagedRows {
    var staged = StagedRows()
    staged.sideRows = batch.unreadable.map { SideRow(output: Self.rejected, line: $0.line) }
    staged.writes = try router.route(batch.rows.rows)
    return staged
  }

  func endEpoch() -> [any Sendable] { [] }

  func advance(to watermark: Timestamp) {}
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
