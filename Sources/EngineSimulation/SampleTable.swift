import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine

/// A table of the simulation. Every value of a row follows from the row's id, so that whoever reads
/// a row can tell whether it is what was written without keeping a copy.
struct SampleTable: Sendable {
  /// One column, and how its values follow from the id of a row and the bits that the id hashes to.
  struct Column: Sendable {
    let name: String
    let type: DataType
    var isNullable = false
    let value: @Sendable (_ bits: UInt64, _ id: Int) -> Value
  }

  /// Rows of one load at most; ids of loads lie this far apart.
  static let rowCountMax = 1000

  /// Tells tables apart in the hash of rows, and in the oracle.
  let number: Int
  let definition: TableDefinition
  private let columns: [Column]
  private let idColumn: Int
  /// Nil where keys are not unique.
  let keys: Keys?

  /// - Parameter makeDefinition: from the schema that the columns make.
  init(
    number: Int, columns: [Column], sortKeyCount: Int, keys: Keys? = nil,
    _ makeDefinition: (Schema) throws -> TableDefinition
  ) throws {
    self.number = number
    self.columns = columns
    self.keys = keys
    let schema = try Schema(
      columns: columns.enumerated().map { index, column in
        StorageBase.Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.name, type: column.type,
          isNullable: column.isNullable)
      }, sortKeyCount: sortKeyCount, keysModel: keys == nil ? .duplicate : .unique)
    definition = try makeDefinition(schema)
    idColumn = try schema.requireIndex(of: "id")
  }

  var name: String { definition.name }

  /// The load that the row with this id belongs to.
  static func load(ofRow id: Int) -> Int { id / rowCountMax }

  static func ids(load: Int, rowCount: Int) -> Range<Int> {
    load * rowCountMax..<load * rowCountMax + rowCount
  }

  func row(_ id: Int) -> [Value] {
    let bits = bits(of: id)
    return columns.map { $0.value(bits, id) }
  }

  func bits(of id: Int) -> UInt64 { mixBits(UInt64(id) &* 8 &+ UInt64(number)) }

  func bucket(of id: Int) -> Int {
    let row = row(id)
    return definition.bucket(of: definition.distribution.map { row[$0] })
  }

  func batch(load: Int, rowCount: Int) -> ColumnBatch {
    let schema = definition.schema
    let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
    for id in Self.ids(load: load, rowCount: rowCount) {
      for (builder, value) in zip(builders, row(id)) { builder.append(value) }
    }
    return ColumnBatch(
      schema: schema, rowCount: rowCount, columns: builders.map { $0.finish() })
  }

  /// What each tablet gets of a load, and keeps.
  func digests(load: Int, rowCount: Int) -> [Digest] {
    var digests = [Digest](repeating: Digest(), count: definition.bucketCount)
    for id in Self.ids(load: load, rowCount: rowCount) where stays(id) {
      digests[bucket(of: id)].add(row: id)
    }
    return digests
  }

  /// Reads all rows of some segments that no others can take the place of.
  /// - Returns: by load, what was found of it.
  /// - Throws: `SimulationFailure` for a row that nobody wrote, `StorageError` for what cannot be
  ///   read.
  func read(_ segments: [RowsetSegment]) throws -> [Int: Digest] {
    var found: [Int: Digest] = [:]
    for segment in segments {
      try forEachRow(of: segment) { _, id in
        if stays(id) { found[Self.load(ofRow: id), default: Digest()].add(row: id) }
      }
    }
    return found
  }

  /// Reads all rows of a segment.
  /// - Throws: as `read`.
  func forEachRow(of segment: RowsetSegment, _ body: (_ ordinal: Int, _ id: Int) -> Void) throws {
    var work = PageWork()
    let reader = try segment.reader()
    for page in 0..<reader.pageCount {
      let vectors = try definition.schema.columns.indices.map {
        try reader.readPage(column: $0, page: page, work: &work)
      }
      let rows = reader.rowRange(ofPage: page)
      for row in 0..<rows.count { body(rows.lowerBound + row, try checkedID(vectors, row)) }
    }
  }

  private func checkedID(_ vectors: [ColumnVector], _ row: Int) throws -> Int {
    let found = vectors.map { $0[row] }
    guard case .integer(let id) = found[idColumn], id >= 0, id < 1 << 40, self.row(Int(id)) == found
    else { throw SimulationFailure("table \(name): a row that nobody wrote: \(found)") }
    return Int(id)
  }
}

/// What a set of rows comes to, whatever their order.
struct Digest: Hashable, Sendable {
  private(set) var rowCount = 0
  private var sum: UInt64 = 0

  mutating func add(row id: Int) {
    rowCount += 1
    sum &+= mixBits(UInt64(id))
  }
}
