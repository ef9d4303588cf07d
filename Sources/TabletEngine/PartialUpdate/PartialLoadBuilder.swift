import ScanKernels
import StorageBase

/// Collects the rows of one partial load. Not thread-safe; many builders may work on one table at
/// the same time, none sees another.
///
/// The rows are kept in memory until they are committed, since they are completed again when
/// others have changed their keys. Rows of one key are applied in the order they came, each to what
/// the one before has left.
public final class PartialLoadBuilder {
  private let store: Store
  private let table: TableSnapshot
  private let token: TransactionToken
  private let newKeys: PartialUpdate.NewKeys
  private let strategy: PartialUpdate.Strategy
  /// The columns of batches, by their positions in the table, in the order of the client.
  private let columns: [Int]
  /// Whether rows name their own columns.
  private let isFlexible: Bool
  private var batches: [(batch: ColumnBatch, given: [Bitmap?], deleteSigns: Bitmap?)] = []

  init(
    store: Store, table: TableSnapshot, columns: [Int], isFlexible: Bool,
    newKeys: PartialUpdate.NewKeys, strategy: PartialUpdate.Strategy?, token: TransactionToken
  ) {
    self.strategy =
      strategy ?? table.definition.uniqueKeys?.partialUpdates
      ?? UniqueKeyOptions().partialUpdates
    self.store = store
    self.table = table
    self.columns = columns
    self.isFlexible = isFlexible
    self.newKeys = newKeys
    self.token = token
  }

  /// The transaction of the load.
  public var transaction: TransactionID { token.id }

  /// The columns of the table, as they were when the load was begun.
  public var schema: Schema { table.definition.schema }

  /// Adds rows, all of which give all columns of the load.
  /// - Parameters:
  ///   - batch: the columns in the order that the load was begun with.
  ///   - deleteSigns: the rows that delete their key. Of these only the key and the sequence, if
  ///     it is given, count: any other value may be null.
  /// - Throws: `StorageError.schemaMismatch` when the columns are others, or one that must not be
  ///   null holds nulls; the rows are not added then. `TransactionError` when the load has been
  ///   aborted meanwhile.
  public func append(_ batch: ColumnBatch, deleteSigns: Bitmap? = nil) throws {
    try append(
      batch, given: [Bitmap?](repeating: nil, count: columns.count), deleteSigns: deleteSigns)
  }

  /// Adds rows that give different columns; of a flexible load.
  /// - Parameters:
  ///   - batch: all columns of the table. What a row does not give may be anything there.
  ///   - given: by column, the rows that give it; nil for all rows, as it is for key columns.
  ///   - deleteSigns: the rows that delete their key.
  /// - Throws: as `append(_:deleteSigns:)`.
  public func append(
    _ batch: ColumnBatch, given: [Bitmap?], deleteSigns: Bitmap? = nil
  ) throws {
    precondition(given.count == columns.count, "given rows for each column")
    precondition(given.allSatisfy { $0.map { $0.count == batch.rowCount } ?? true })
    precondition(deleteSigns.map { $0.count == batch.rowCount } ?? true, "a sign for each row")
    for (index, rows) in given.enumerated() where rows != nil {
      guard isFlexible, columns[index] >= table.definition.schema.sortKeyCount else {
        throw StorageError.schemaMismatch(
          table: table.definition.name,
          column: table.definition.schema.columns[columns[index]].name,
          expected: "a column that all rows give", found: "one that some give")
      }
    }
    let schema = table.definition.schema
    let own = columns.map { schema.columns[$0] }
    let known = Set(try table.definition.deletionColumns().map(\.id))
    try table.definition.check(batch, as: own) { index, nulls in
      let free = known.contains(own[index].id) ? nil : deleteSigns
      var count = 0
      nulls.forEachSet { row in
        let counts = (given[index]?[row] ?? true) && !(free?[row] ?? false)
        count += counts ? 1 : 0
      }
      return count
    }
    try token.requireRunning()
    guard batch.rowCount > 0 else { return }
    // Nobody sees the values of deletions, nor those that rows do not give.
    let filled = zip(own, batch.columns).map { column, vector in
      column.isNullable ? vector : vector.replacingNulls(by: column.type.filler)
    }
    batches.append(
      (
        ColumnBatch(schema: batch.schema, rowCount: batch.rowCount, columns: filled), given,
        deleteSigns
      ))
  }

  /// Completes the rows from what the table has now, sorts, encodes, and writes what is too large
  /// for the log. `Store.commit` makes them visible; it does this again where others have changed
  /// the same keys meanwhile.
  /// - Throws: `StorageError.invalidArgument` naming a key that is new and refused,
  ///   `StorageError.schemaMismatch` naming a column that a new key has no value for, and what
  ///   reading and writing throws.
  public func prepare() throws -> PreparedLoad {
    let rows = try collected().map { [$0] } ?? []
    batches.removeAll()
    return try PreparedLoad(token: token, parts: [], partials: rows).completed(in: store)
  }

  /// Whether somebody else who asks for rows like these may be given this one.
  func takes(
    _ columns: [Int], isFlexible: Bool, _ newKeys: PartialUpdate.NewKeys,
    _ strategy: PartialUpdate.Strategy?
  ) -> Bool {
    columns == self.columns && isFlexible == self.isFlexible && newKeys == self.newKeys
      && strategy.map { $0 == self.strategy } ?? true
  }

  /// The rows of all batches, with the columns in the order of the table; nil for none.
  func collected() throws -> PartialRows? {
    guard !batches.isEmpty else { return nil }
    let order = columns.indices.sorted { columns[$0] < columns[$1] }
    let schema = try Schema(
      columns: order.map { table.definition.schema.columns[columns[$0]] },
      sortKeyCount: table.definition.schema.sortKeyCount,
      keysModel: table.definition.schema.keysModel)
    let ordered = batches.map { entry in
      ColumnBatch(
        schema: schema, rowCount: entry.batch.rowCount,
        columns: order.map { entry.batch.columns[$0] })
    }
    let counts = batches.map(\.batch.rowCount)
    return PartialRows(
      table: table.id,
      batch: ordered.count == 1 ? ordered[0] : ColumnBatch(concatenating: ordered),
      given: order.map { column in
        Bitmap.joined(batches.map { $0.given[column] }, counts, missing: true)
      },
      deleteSigns: Bitmap.joined(batches.map(\.deleteSigns), counts, missing: false),
      newKeys: newKeys, strategy: strategy)
  }
}
