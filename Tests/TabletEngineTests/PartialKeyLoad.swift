import ScanKernels
import StorageBase

@testable import TabletEngine

/// A partial load of a unique-key model: some columns of a load, for all rows alike or not.
struct PartialKeyLoad {
  let rows: [(row: UniqueKeyModel.Row, isDelete: Bool, given: [Bool])]
  private let whole: UniqueKeyModel.Load
  private let isFlexible: Bool

  init(
    _ load: UniqueKeyModel.Load, _ model: UniqueKeyModel, _ random: inout SeededGenerator
  ) throws {
    let columnCount = load.batch.columns.count
    let keyCount = model.keyCount
    isFlexible = random.next() % 2 == 0
    func some(_ random: inout SeededGenerator) -> [Bool] {
      (0..<columnCount).map { $0 < keyCount || random.next() % 2 == 0 }
    }
    var given = some(&random)
    whole = load
    var rows: [(row: UniqueKeyModel.Row, isDelete: Bool, given: [Bool])] = []
    for row in load.rows {
      if isFlexible { given = some(&random) }
      rows.append((row.row, row.isDelete, given))
    }
    self.rows = rows
  }

  func prepare(in store: Store) throws -> PreparedLoad {
    let builder =
      isFlexible
      ? try store.beginFlexibleLoad(into: UniqueKeyModel.table)
      : try store.beginPartialLoad(into: UniqueKeyModel.table, updating: names)
    try append(to: builder)
    return try builder.prepare()
  }

  /// As a part of a load of several tables.
  func append(to transaction: LoadTransaction) throws {
    try append(
      to: isFlexible
        ? transaction.flexibleBuilder(for: UniqueKeyModel.table)
        : transaction.partialBuilder(for: UniqueKeyModel.table, updating: names))
  }

  /// The columns of a load whose rows all give the same, in any order.
  private var columns: [Int] {
    let schema = whole.batch.schema
    return schema.columns.indices.reversed().filter {
      rows.first?.given[$0] ?? ($0 < schema.sortKeyCount)
    }
  }

  private var names: [String] { columns.map { whole.batch.schema.columns[$0].name } }

  private func append(to builder: PartialLoadBuilder) throws {
    let schema = whole.batch.schema
    guard !isFlexible else {
      let given = schema.columns.indices.map { column -> Bitmap? in
        guard column >= schema.sortKeyCount else { return nil }
        let bitmap = Bitmap(count: rows.count)
        for (index, row) in rows.enumerated() where row.given[column] { bitmap.set(index) }
        return bitmap
      }
      return try builder.append(whole.batch, given: given, deleteSigns: whole.deleteSigns)
    }
    let half = rows.count / 2
    for part in [0..<half, half..<rows.count] {
      let ordinals = part.map { UInt32($0) }
      let signs = whole.deleteSigns.map { all in
        let own = Bitmap(count: part.count)
        for (index, row) in part.enumerated() where all[row] { own.set(index) }
        return own
      }
      let vectors = columns.map { whole.batch.columns[$0].gather(ordinals) }
      let own = try Schema(
        columns.map { (schema.columns[$0].name, schema.columns[$0].type, true) }, sortKeyCount: 1)
      try builder.append(
        ColumnBatch(schema: own, rowCount: part.count, columns: vectors), deleteSigns: signs)
    }
  }
}
