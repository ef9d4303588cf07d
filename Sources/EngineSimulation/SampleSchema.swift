import StorageBase

/// A column of a table of the simulation, and how its values follow from the id of a row and the
/// bits that the id hashes to.
struct SampleColumn: Sendable {
  var name: String
  var type: DataType
  var isNullable = false
  /// What rows have that nobody gave a value; nil for null.
  var defaultValue: Value?
  let value: @Sendable (_ bits: UInt64, _ id: Int) -> Value
  /// Tells it from all others that its table has ever had.
  var number = 0
  /// The schema version it came with.
  var since = 0

  var absent: Value { defaultValue ?? .null }
}

/// The columns of a table at one schema version.
struct SampleSchema: Sendable {
  var version = 0
  var columns: [SampleColumn]
  let sortKeyCount: Int
  /// Of the next column.
  var nextNumber: Int

  init(_ columns: [SampleColumn], sortKeyCount: Int) {
    self.columns = columns
    self.sortKeyCount = sortKeyCount
    nextNumber = columns.count
    for index in columns.indices { self.columns[index].number = index }
  }

  /// The values of the row with this id.
  /// - Parameter generation: the schema version that it was written with.
  func row(_ id: Int, bits: UInt64, generation: Int) -> [Value] {
    columns.map { column in
      column.since <= generation ? column.value(bits, id) : column.absent
    }
  }

  /// Whether these are the columns of a table.
  func agrees(with schema: Schema) -> Bool {
    columns.count == schema.columns.count
      && zip(columns, schema.columns).allSatisfy {
        $0.name == $1.name && $0.type == $1.type && $0.isNullable == $1.isNullable
      }
  }
}
