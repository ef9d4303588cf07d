import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine

/// A table of the simulation. Every value of a row follows from the row's id, so that whoever reads
/// a row can tell whether it is what was written without keeping a copy.
struct SampleTable: Sendable {
  /// Rows of one load at most; ids of loads lie this far apart.
  static let rowCountMax = 1000

  /// Tells tables apart in the hash of rows, and in the oracle.
  let number: Int
  /// As it is created.
  let definition: TableDefinition
  let schema: SampleSchema
  /// Nil where keys are not unique.
  let keys: Keys?

  /// - Parameter makeDefinition: from the schema that the columns make.
  init(
    number: Int, columns: [SampleColumn], sortKeyCount: Int, keys: Keys? = nil,
    _ makeDefinition: (Schema) throws -> TableDefinition
  ) throws {
    self.number = number
    self.keys = keys
    schema = SampleSchema(columns, sortKeyCount: sortKeyCount)
    let stored = try Schema(
      columns: columns.enumerated().map { index, column in
        Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.name, type: column.type,
          isNullable: column.isNullable, defaultValue: column.defaultValue)
      }, sortKeyCount: sortKeyCount, keysModel: keys == nil ? .duplicate : .unique)
    definition = try makeDefinition(stored)
  }

  var name: String { definition.name }

  /// The load that the row with this id belongs to.
  static func load(ofRow id: Int) -> Int { id / rowCountMax }

  static func ids(load: Int, rowCount: Int) -> Range<Int> {
    load * rowCountMax..<load * rowCountMax + rowCount
  }

  func bits(of id: Int) -> UInt64 { mixBits(UInt64(id) &* 8 &+ UInt64(number)) }

  /// Columns that rows are spread by are there from the beginning.
  func bucket(of id: Int) -> Int {
    let bits = bits(of: id)
    return definition.bucket(
      of: definition.distribution.map { schema.columns[$0].value(bits, id) })
  }

  /// Some columns of rows, in this order.
  /// - Parameter columns: as the table has them and as the simulation does.
  func batch(
    ids: [Int], _ columns: [(stored: Column, sample: SampleColumn)], sortKeyCount: Int
  ) throws -> ColumnBatch {
    let builders = columns.map { ColumnBuilder(type: $0.stored.type) }
    for id in ids {
      let bits = bits(of: id)
      for (builder, column) in zip(builders, columns) {
        builder.append(column.sample.value(bits, id))
      }
    }
    return ColumnBatch(
      schema: try Schema(columns: columns.map(\.stored), sortKeyCount: sortKeyCount),
      rowCount: ids.count, columns: builders.map { $0.finish() })
  }

  /// What each tablet gets of a load, and keeps.
  func digests(ids: [Int]) -> [Digest] {
    var digests = [Digest](repeating: Digest(), count: definition.bucketCount)
    for id in ids where stays(id) { digests[bucket(of: id)].add(row: id) }
    return digests
  }

  /// Reads all rows of some segments that no others can take the place of.
  /// - Parameters:
  ///   - stored: the schema that they are read under.
  ///   - row: what a row with an id has in it.
  /// - Returns: by load, what was found of it.
  /// - Throws: `SimulationFailure` for a row that nobody wrote, `StorageError` for what cannot be
  ///   read.
  func read(
    _ segments: [RowsetSegment], as stored: Schema, row: (Int) -> [Value]
  ) throws -> [Int: Digest] {
    var found: [Int: Digest] = [:]
    for segment in segments {
      // Whole rows of unique keys are read where readers see them.
      let columns = keys == nil ? stored.columns : Array(stored.columns[..<stored.sortKeyCount])
      try forEachRow(of: segment, columns) { values in
        let id = try keys?.ownID(of: values) ?? (keys == nil ? checkedID(values, row) : nil)
        if let id { found[Self.load(ofRow: id), default: Digest()].add(row: id) }
      }
    }
    return found
  }

  private func forEachRow(
    of segment: RowsetSegment, _ columns: [Column], _ body: ([Value]) throws -> Void
  ) throws {
    var work = PageWork()
    let reader = try segment.reader()
    for page in 0..<reader.pageCount {
      let rowCount = reader.rowRange(ofPage: page).count
      let vectors = try columns.map { column -> ColumnVector in
        switch reader.schema.fit(of: column) {
        case .stored(let position):
          return try reader.readPage(column: position, page: page, work: &work)
        case .widened(let position):
          return try reader.readPage(column: position, page: page, work: &work)
            .converted(to: column.type)
        case .constant(let value): return .constant(value, type: column.type, count: rowCount)
        case nil: throw SimulationFailure("table \(name): no column \(column.name)")
        }
      }
      for row in 0..<rowCount { try body(vectors.map { $0[row] }) }
    }
  }

  private func checkedID(_ values: [Value], _ row: (Int) -> [Value]) throws -> Int {
    // The id is the one column of its type that is never dropped; it is looked for by what it says.
    for case .integer(let id) in values where id >= 0 && id < 1 << 40 && row(Int(id)) == values {
      return Int(id)
    }
    throw SimulationFailure("table \(name): a row that nobody wrote: \(values)")
  }
}

/// What a set of rows comes to, whatever their order.
struct Digest: Hashable, Sendable {
  private(set) var rowCount = 0
  private var sum: UInt64 = 0

  mutating func add(row id: Int) { add(hash: mixBits(UInt64(id))) }

  /// - Parameter hash: of a row.
  mutating func add(hash: UInt64) {
    rowCount += 1
    sum &+= hash
  }
}
