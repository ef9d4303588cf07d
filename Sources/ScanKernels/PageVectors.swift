/// The columns of a page that an expression reads, by their indexes: few, so that looking through
/// them is quicker than hashing.
struct PageVectors {
  private let indexes: [Int]
  private let vectors: [ColumnVector]

  /// - Precondition: a vector for each index.
  init(_ indexes: [Int], _ vectors: [ColumnVector]) {
    precondition(indexes.count == vectors.count)
    self.indexes = indexes
    self.vectors = vectors
  }

  subscript(index: Int) -> ColumnVector? {
    indexes.firstIndex(of: index).map { vectors[$0] }
  }

  /// Something for each column, in their order.
  func map<T>(_ body: (Int, ColumnVector) throws -> T) rethrows -> [T] {
    var results: [T] = []
    results.reserveCapacity(indexes.count)
    for (index, vector) in zip(indexes, vectors) { results.append(try body(index, vector)) }
    return results
  }

  func position(of index: Int) -> Int? { indexes.firstIndex(of: index) }

  func widened() -> PageVectors { PageVectors(indexes, vectors.map { $0.widened() }) }
}
