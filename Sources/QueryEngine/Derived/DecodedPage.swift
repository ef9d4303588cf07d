import ScanKernels

/// The columns of the page read last, so that what several derived columns are computed from is
/// decoded once. Made for one thread.
final class DecodedPage: @unchecked Sendable {
  private var page: Int?
  private var vectors: [Int: ColumnVector] = [:]

  /// Nil when it has not been kept, or another page came since.
  func vector(page: Int, column: Int) -> ColumnVector? {
    self.page == page ? vectors[column] : nil
  }

  /// What is known of another page is forgotten.
  func keep(_ vector: ColumnVector, page: Int, column: Int) {
    if self.page != page { vectors.removeAll(keepingCapacity: true) }
    self.page = page
    vectors[column] = vector
  }
}
