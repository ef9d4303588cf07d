import ScanKernels
import StorageBase
import TabletEngine

/// An expression or condition as it was written. Equal when written alike, wherever that is.
struct SQLNode: Hashable, Sendable {
  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
  }

  indirect enum Kind: Hashable, Sendable {
    case name(String, qualifier: String?, isQuoted: Bool)
    case constant(SQLConstant)
    case negate(SQLNode)
    case arithmetic(SQLNode, Operator, SQLNode)
    case comparison(SQLNode, Comparison, SQLNode)
    /// Both bounds are inclusive.
    case between(SQLNode, SQLNode, SQLNode)
    case isOneOf(SQLNode, [SQLNode])
    case isNull(SQLNode)
    case like(SQLNode, pattern: SQLNode)
    /// The keyword is MATCH_ANY, MATCH_ALL, MATCH_PHRASE or MATCH_PHRASE_PREFIX.
    case match(SQLNode, keyword: String, text: SQLNode)
    case not(SQLNode)
    case and([SQLNode])
    case or([SQLNode])
    case call(SQLCall)
    case datePart(DatePart, SQLNode)
    case conditional([SQLBranch], otherwise: SQLNode?)
  }

  let kind: Kind
  /// Where it is in the UTF-8 bytes of the statement.
  let range: Range<Int>

  static func == (a: SQLNode, b: SQLNode) -> Bool { a.kind == b.kind }
  func hash(into hasher: inout Hasher) { hasher.combine(kind) }

  /// What is right within it, the filter of an aggregate aside.
  var children: [SQLNode] {
    switch kind {
    case .name, .constant: []
    case .negate(let inner), .isNull(let inner), .not(let inner), .datePart(_, let inner): [inner]
    case .arithmetic(let a, _, let b), .comparison(let a, _, let b): [a, b]
    case .like(let a, let b), .match(let a, _, let b): [a, b]
    case .between(let a, let b, let c): [a, b, c]
    case .isOneOf(let a, let members): [a] + members
    case .and(let terms), .or(let terms): terms
    case .call(let call): call.arguments
    case .conditional(let branches, let otherwise):
      branches.flatMap { [$0.condition, $0.value] } + (otherwise.map { [$0] } ?? [])
    }
  }
}

/// `name([DISTINCT] arguments | *) [FILTER (WHERE filter)]`.
struct SQLCall: Hashable, Sendable {
  /// In lower case.
  let name: String
  let arguments: [SQLNode]
  var isDistinct = false
  var isStar = false
  var filter: SQLNode?
}

/// `WHEN condition THEN value`.
struct SQLBranch: Hashable, Sendable {
  let condition: SQLNode
  let value: SQLNode
}

/// A value known from the statement alone.
enum SQLConstant: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// `unscaled` divided by 10 to the power of `scale`; an integer when that is 0.
  case exact(Int128, scale: Int)
  case floating(Double)
  case string(String)
  case date(CivilDate)
  /// What is added to a date: months first, then days.
  case interval(months: Int, days: Int)
}

/// SELECT … FROM … as it was written.
struct SQLSelect: Sendable {
  struct Item: Sendable {
    /// Nil for `*`.
    let node: SQLNode?
    let alias: String?
    let range: Range<Int>
  }

  struct Order: Sendable {
    let node: SQLNode
    let direction: Query.Direction
  }

  var isDistinct = false
  var items: [Item] = []
  var table = ""
  var tableAlias: String?
  var moment: Moment?
  var filter: SQLNode?
  var groups: [SQLNode] = []
  var having: SQLNode?
  var orders: [Order] = []
  var limit: Int?
  var offset = 0
}
