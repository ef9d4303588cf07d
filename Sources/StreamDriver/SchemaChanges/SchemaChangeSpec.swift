import IngestDriver

/// What a stream does with the changes of columns that its source tells of among the rows. A value.
public struct SchemaChangeSpec: Hashable, Sendable {
  public enum Action: String, CaseIterable, Sendable {
    /// Rows behind a change have the new columns, and so have the tables.
    case apply
    /// Changes are passed over: columns stay as they are.
    case ignore
    /// The stream ends at a change, with an error.
    case fail
  }

  /// What becomes of a change that cannot be applied.
  public enum Refused: String, CaseIterable, Sendable {
    /// The stream ends with an error, and is at the change again when it is started again.
    case stop
    /// The change goes to the dead letters, and the stream goes on without it.
    case divert
  }

  public var action: Action
  public var refused = Refused.stop
  /// The table whose changes count, as the source calls it: its name, or with those of schema and
  /// database before it; nil for those of all.
  public var table: String?
  /// Where the columns of the source's table are in a row of JSON; nil to tell by the mapping:
  /// `$.after` or `$.payload.after` where columns come from there, otherwise the row itself.
  public var rows: JSONPath?

  public init(_ action: Action) { self.action = action }

  /// Whether a table of the source is the one meant.
  func concerns(_ name: String?) -> Bool {
    guard let table, let name else { return true }
    let (wanted, found) = (table.lowercased(), name.lowercased())
    return found == wanted || found.hasSuffix("." + wanted)
  }
}
