import ScanKernels
import StorageBase

/// The names of a statement: the columns of its table, and those derived from them so far.
struct SQLScope {
  /// Names longer than this are replaced by numbered ones.
  static let nameByteCountMax = 120

  let text: String
  let tableNames: Set<String>
  private(set) var schema: Schema
  private(set) var derived: [DerivedColumn] = []
  private let table: Schema

  init(text: String, select: SQLSelect, table: Schema) {
    self.text = text
    self.table = table
    schema = table
    tableNames = Set([select.table, select.tableAlias ?? select.table].map { $0.lowercased() })
  }

  func error(_ reason: String, at node: SQLNode) -> SQLError {
    SQLError(reason, at: node.range.lowerBound, of: text)
  }

  /// What `body` returns; an error of the engine becomes one at the place of `node`.
  func located<T>(_ node: SQLNode, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let problem as StorageError {
      throw error("\(problem)", at: node)
    }
  }

  func type(of column: String) -> DataType? {
    schema.index(of: column).map { schema.columns[$0].type }
  }

  /// The column that a name refers to: as it is written, or without regard to case when that is
  /// clear and the name is not quoted.
  func resolve(
    _ name: String, _ qualifier: String?, _ isQuoted: Bool, at node: SQLNode
  ) throws -> String {
    if let qualifier, !tableNames.contains(qualifier.lowercased()) {
      throw error(
        "\(qualifier) is not the table of this query: a query reads one table", at: node)
    }
    if table.index(of: name) != nil { return name }
    let alike = table.columns.map(\.name).filter { $0.lowercased() == name.lowercased() }
    if !isQuoted, alike.count == 1 { return alike[0] }
    let known = table.columns.map(\.name)
    throw error(
      StorageError.unknownName(kind: "column", name: name, known: known).description, at: node)
  }

  /// The name of a column with this function, made now when there is none.
  mutating func derive(_ function: DerivedFunction, at node: SQLNode) throws -> String {
    if let known = name(of: function) { return known }
    var name = function.description
    if name.utf8.count > Self.nameByteCountMax || schema.index(of: name) != nil {
      name = "computed \(derived.count + 1)"
    }
    let column = DerivedColumn(name: name, function: function)
    schema = try located(node) { try DerivedColumns(derived + [column], table: table).schema }
    derived.append(column)
    return name
  }

  /// The name of the column with this function, if there is one.
  func name(of function: DerivedFunction) -> String? {
    derived.first { $0.function == function }?.name
  }
}
