import StorageBase

/// A predicate whose names and constants have been fitted to a schema. Immutable and thread-safe.
///
/// NOT has been pushed to the comparisons (De Morgan's laws hold in three-valued logic), where it
/// swaps what is accepted for what is not and leaves nulls refused. AND and OR are monotone, so
/// what is left needs only "true or not": unknown never has to be told from false.
public struct BoundPredicate: Hashable, Sendable {
  indirect enum Node: Hashable, Sendable {
    case constant(Bool)
    /// `test` numbers the tests of strings and words, so that evaluators can keep what they learn
    /// of each.
    case strings(column: Int, StringTest, test: Int)
    case words(column: Int, WordTest, test: Int)
    case ranks(column: Int, RankRanges)
    case isNull(column: Int)
    case isNotNull(column: Int)
    case and([Node])
    case or([Node])
  }

  let root: Node
  let types: [DataType]
  /// The positions in the schema of the columns it looks at, ascending.
  public let columns: [Int]
  /// How many tests of strings and words it holds.
  let stringTestCount: Int

  init(root: Node, types: [DataType], stringTestCount: Int) {
    self.root = root
    self.types = types
    self.stringTestCount = stringTestCount
    columns = Self.columns(of: root).sorted()
  }

  private static func columns(of node: Node) -> Set<Int> {
    switch node {
    case .constant: []
    case .ranks(let column, _), .strings(let column, _, _), .words(let column, _, _),
      .isNull(let column), .isNotNull(let column):
      [column]
    case .and(let terms), .or(let terms):
      terms.reduce(into: Set()) { $0.formUnion(columns(of: $1)) }
    }
  }

  /// Whether it is false or true for every row of any data; nil when that depends on the rows.
  public var constant: Bool? {
    if case .constant(let value) = root { return value }
    return nil
  }
}
