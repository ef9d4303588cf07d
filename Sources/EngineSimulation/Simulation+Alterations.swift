import StorageBase
import TabletEngine

// Changes of the columns of tables.
extension Simulation {
  func alter() throws {
    guard let store = world.store, !knownTables.isEmpty else { return }
    let table = knownTables[random.index(of: knownTables)]
    var schema = oracle.schema(of: table)
    let changes = (0..<1 + Int(random.next() % 2)).compactMap { _ in
      change(&schema, of: table)
    }
    guard !changes.isEmpty else { return }
    schema.version += 1
    for index in schema.columns.indices where schema.columns[index].since > schema.version {
      schema.columns[index].since = schema.version
    }
    do {
      let version = try store.alter(table: table.name, changes)
      guard version == schema.version else {
        throw SimulationFailure(
          "table \(table.name) has schema version \(version), expected \(schema.version)")
      }
      oracle.altered(table, to: schema)
      _ = try oracle.schema(of: table, as: try store.snapshot(of: table.name).definition)
      trace.note("altered", "\(table.name) \(changes)")
    } catch {
      try excuse(error, "alter", table.name)
      if !saysNothingWasWritten(error) { oracle.mayBeAltered(table, to: schema) }
    }
  }

  /// One change, made to the schema; nil when there is nothing to change that way.
  private func change(_ schema: inout SampleSchema, of table: SampleTable) -> SchemaChange? {
    switch random.next() % 5 {
    case 0, 1: return addColumn(&schema)
    case 2:
      // Ids tell rows apart where keys do not, and sums are made of them.
      let fixed = fixedNumbers(of: table)
      let candidates = schema.columns.indices.filter {
        !fixed.contains(schema.columns[$0].number)
      }
      guard !candidates.isEmpty else { return nil }
      return .dropColumn(
        schema.columns.remove(at: candidates[random.index(of: candidates)]).name)
    case 3:
      let candidates = schema.columns.indices.filter { schema.columns[$0].name != "id" }
      guard !candidates.isEmpty else { return nil }
      let index = candidates[random.index(of: candidates)]
      let name = schema.columns[index].name
      schema.columns[index].name = "renamed_\(random.next() % 1_000_000)"
      return .renameColumn(name, to: schema.columns[index].name)
    default:
      let fixed = fixedNumbers(of: table)
      for index in schema.columns.indices where !fixed.contains(schema.columns[index].number) {
        if !schema.columns[index].isNullable, random.next() % 3 == 0 {
          schema.columns[index].isNullable = true
          return .makeNullable(schema.columns[index].name)
        }
        guard let wider = Self.wider(schema.columns[index].type) else { continue }
        schema.columns[index].type = wider
        return .widenColumn(schema.columns[index].name, to: wider)
      }
      return nil
    }
  }

  private static func wider(_ type: DataType) -> DataType? {
    switch type {
    case .int16: .int32
    case .int32: .int64
    case .decimal(let precision, let scale) where precision < 36:
      .decimal(precision: precision + 3, scale: scale)
    default: nil
    }
  }

  /// Columns that must stay, and stay of their types.
  private func fixedNumbers(of table: SampleTable) -> Set<Int> {
    var fixed = Set(table.definition.distribution).union(0..<table.schema.sortKeyCount)
    if let sequence = table.keys?.sequence { fixed.insert(sequence.column) }
    for column in table.schema.columns where column.name == "id" { fixed.insert(column.number) }
    return fixed
  }

  private func addColumn(_ schema: inout SampleSchema) -> SchemaChange? {
    guard schema.columns.count < 10 else { return nil }
    let number = schema.nextNumber
    schema.nextNumber += 1
    let salt = UInt64(number) &* 0x9E37_79B9
    let hasDefault = random.next() % 2 == 0
    var column: SampleColumn
    switch random.next() % 3 {
    case 0:
      column = SampleColumn(name: "added_\(number)", type: .int16) { bits, _ in
        .integer(Int128(mixBits(bits ^ salt) % 1000))
      }
      column.defaultValue = .integer(7)
    case 1:
      column = SampleColumn(name: "added_\(number)", type: .string) { bits, id in
        .string("added \(mixBits(bits ^ salt) % 5) \(id)")
      }
      column.defaultValue = .string("none")
    default:
      column = SampleColumn(name: "added_\(number)", type: .decimal(precision: 8, scale: 2)) {
        bits, _ in .integer(Int128(mixBits(bits ^ salt) % 100_000))
      }
      column.defaultValue = .integer(125)
    }
    if !hasDefault { column.defaultValue = nil }
    column.isNullable = !hasDefault || random.next() % 2 == 0
    column.number = number
    column.since = .max
    let after = schema.sortKeyCount + Int(random.next() % 3)
    let isLast = after > schema.columns.count
    let place = isLast ? schema.columns.count : after
    let previous = isLast ? nil : schema.columns[place - 1].name
    schema.columns.insert(column, at: place)
    return .addColumn(
      name: column.name, type: column.type, isNullable: column.isNullable,
      defaultValue: column.defaultValue, after: previous)
  }
}
