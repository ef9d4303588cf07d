import ConfigReading
import IngestDriver
import StorageBase
import Yams

extension PipelineReader {
  /// `apply`, `ignore` or `fail`, or
  /// `{action: apply, refused: divert, of: shop.orders, rows: $.after}`.
  mutating func schemaChanges(_ node: Node, of source: SourceSpec?) -> SchemaChangeSpec? {
    if let source, let reason = Self.objection(to: source) { complain(node, reason) }
    guard node.mapping != nil else {
      return choice(node, "schema_changes", as: SchemaChangeSpec.Action.self)
        .map { SchemaChangeSpec($0) }
    }
    guard let keys = members(of: node, among: ["action", "refused", "of", "rows"]) else {
      return nil
    }
    let action = choice(keys["action"], "action", as: SchemaChangeSpec.Action.self)
    var spec = SchemaChangeSpec(action ?? .apply)
    spec.refused =
      choice(keys["refused"], "refused", as: SchemaChangeSpec.Refused.self) ?? .stop
    if let refused = keys["refused"], spec.action != .apply {
      complain(refused, "refused goes with action: apply")
    }
    spec.table = text(keys["of"], "of")
    if let path = text(keys["rows"], "rows") {
      do {
        spec.rows = try JSONPath(parsing: path)
      } catch {
        complain(keys["rows"], "rows is \"\(path)\"; expected a path such as $.after")
      }
    }
    return spec
  }

  /// Why a source tells of no changes; nil when it may.
  private static func objection(to source: SourceSpec) -> String? {
    let format: TextSpec.Format? =
      switch source {
      case .generated: nil
      case .files(let text), .standardInput(let text): text.format
      case .kafka(let topic): topic.format
      }
    if case .generated = source { return "generators have no changes of columns" }
    return format == .csv ? "changes of columns are found among rows of JSON only" : nil
  }
}
