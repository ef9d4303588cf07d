import ScanKernels
import StorageBase

/// The streams of `Product360` as they come: writer `w` updates the columns of stream `w % 4`. Its
/// batches have these columns alone, the key first. A row depends on its number alone.
///
/// Writers of one stream share the users among them, so that every value of the table has one
/// writer, and what is there in the end does not depend on whose load comes last. Immutable and
/// thread-safe.
public struct Product360Stream: BatchSourceFactory {
  private let workload: Product360

  public init(_ workload: Product360) { self.workload = workload }

  /// Of the table; batches have some of its columns.
  public var schema: Schema { workload.schema }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    try Product360Source(self, writer: writer, writerCount: writerCount)
  }

  /// The user that a row of a writer updates.
  public func user(ofRow row: Int, writer: Int, writerCount: Int) -> Int64 {
    let streamCount = Product360.streamWidths.count
    let sharing = max(1, writerCount.ceilingDivision(by: streamCount))
    let own = writer / streamCount
    // Of the users from 0 those that leave this remainder.
    let count = max(1, (workload.parameters.userCount - own).ceilingDivision(by: sharing))
    let chance = mixBits(
      mixBits(workload.parameters.seed ^ 0x360) &+ UInt64(writer) &* 0x9E37_79B9_7F4A_7C15
        &+ UInt64(row))
    return Int64(Int(chance % UInt64(count)) * sharing + own) + 1
  }

  fileprivate func rows(
    _ columns: [Int], schema: Schema, users: [Int64], firstTurn: Int
  ) -> ColumnBatch {
    workload.rows(columns, schema: schema, users: users) { firstTurn + $0 }
  }

  fileprivate func schema(of columns: [Int]) throws -> Schema {
    try Schema(columns: columns.map { workload.schema.columns[$0] }, sortKeyCount: 1)
  }

  fileprivate func columns(of writer: Int) -> [Int] {
    workload.columns(ofStream: writer % Product360.streamWidths.count)
  }
}

/// Not thread-safe.
private final class Product360Source: BatchSource {
  let schema: Schema
  private let stream: Product360Stream
  private let columns: [Int]
  private let writer: Int
  private let writerCount: Int
  private var row = 0

  init(_ stream: Product360Stream, writer: Int, writerCount: Int) throws {
    self.stream = stream
    self.writer = writer
    self.writerCount = writerCount
    columns = stream.columns(of: writer)
    schema = try stream.schema(of: columns)
  }

  func nextBatch(maxRows: Int) -> ColumnBatch? {
    let users = (row..<row + maxRows).map {
      stream.user(ofRow: $0, writer: writer, writerCount: writerCount)
    }
    defer { row += maxRows }
    return stream.rows(columns, schema: schema, users: users, firstTurn: row)
  }
}
