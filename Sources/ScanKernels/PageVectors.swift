/// The columns of a page that an expression reads, by their indexes: few, so that looking through
/// them is quicker than hashing.
struct PageVectors {
  private let indexes: [Int]
  private var vectors: [ColumnVector]

  /// - Precondition: a vector for each index.
  init(_ indexes: [Int], _ vectors: [ColumnVector]) {
    precondition(indexes.count == vectors.count)
    self.indexes = indexes
    self.vectors = vectors
  }

  /// For pages to come.
  init(_ indexes: [Int]) {
    self.indexes = indexes
    vectors = []
  }

  subscript(index: Int) -> ColumnVector? {
    indexes.firstIndex(of: index).map { vectors[$0] }
  }

  /// Takes the columns of a page in, in the room of those of another.
  mutating func read(_ column: (Int) throws -> ColumnVector) rethrows {
    removeAll()
    for index in indexes { vectors.append(try column(index)) }
  }

  /// Lets go of the columns, but not of the room.
  mutating func removeAll() { vectors.removeAll(keepingCapacity: true) }

  /// Something for each column, in their order.
  func forEachColumn(_ body: (Int, ColumnVector) throws -> Void) rethrows {
    for position in indexes.indices { try body(indexes[position], vectors[position]) }
  }

  func widened() -> PageVectors { PageVectors(indexes, vectors.map { $0.widened() }) }
}
