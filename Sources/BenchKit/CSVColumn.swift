/// What one column of a results file holds. The single home of its name, unit and meaning.
public struct CSVColumnDescription: Hashable, Sendable {
  /// As in the header row; never changes once released.
  public let name: String
  /// `bytes`, `ms`, `s`, `rows/s`, ...; empty for names and ratios.
  public let unit: String
  /// One sentence for people.
  public let meaning: String
}

/// A column together with the way to its value in a row.
public struct CSVColumn<Row: Sendable>: Sendable {
  public let description: CSVColumnDescription
  private let text: @Sendable (Row) -> String?

  /// A column that every row has.
  init<Value: CSVValue>(
    _ name: String, _ unit: String, _ path: any KeyPath<Row, Value> & Sendable, _ meaning: String
  ) {
    description = CSVColumnDescription(name: name, unit: unit, meaning: meaning)
    text = { $0[keyPath: path].csvText }
  }

  /// A column that does not apply to every row.
  init<Value: CSVValue>(
    _ name: String, _ unit: String, _ path: any KeyPath<Row, Value?> & Sendable, _ meaning: String
  ) {
    description = CSVColumnDescription(name: name, unit: unit, meaning: meaning)
    text = { $0[keyPath: path]?.csvText }
  }

  private init(_ description: CSVColumnDescription, text: @escaping @Sendable (Row) -> String?) {
    self.description = description
    self.text = text
  }

  /// The same column of rows that have such a row inside.
  func inside<Outer>(_ path: any KeyPath<Outer, Row> & Sendable) -> CSVColumn<Outer> {
    CSVColumn<Outer>(description) { text($0[keyPath: path]) }
  }

  /// The text of the field before quoting; empty when the column does not apply.
  func field(of row: Row) -> String { text(row) ?? "" }
}

/// A row of one of the results files.
///
/// A field that does not apply is nil and becomes an empty field, never a zero.
public protocol CSVRow: Sendable {
  /// The file inside the run folder.
  static var fileName: String { get }
  /// In the order of the file. New ones are appended, none is renamed.
  static var columns: [CSVColumn<Self>] { get }
}

extension CSVRow {
  /// Name, unit and meaning of every column, in order.
  public static var columnDescriptions: [CSVColumnDescription] { columns.map(\.description) }

  /// The header row without its line end.
  public static var header: String { csvLine(columns.map(\.description.name)) }

  /// The row without its line end.
  public var line: String { csvLine(Self.columns.map { $0.field(of: self) }) }
}
