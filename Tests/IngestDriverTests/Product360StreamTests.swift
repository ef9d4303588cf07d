import ScanKernels
import StorageBase
import Testing

@testable import IngestDriver

struct Product360StreamTests {
  private func workload() throws -> Product360 {
    var parameters = Product360.Parameters()
    parameters.columnCount = 100
    parameters.userCount = 1000
    return try Product360(parameters)
  }

  @Test func rowsAreTheSameWhateverTheBatches() throws {
    let stream = Product360Stream(try workload())
    func rows(_ batches: [Int]) throws -> [[Value]] {
      let source = try stream.makeSource(writer: 1, writerCount: 4)
      return try batches.flatMap { size in
        let batch = try #require(try source.nextBatch(maxRows: size))
        return (0..<batch.rowCount).map { row in batch.columns.map { $0[row] } }
      }
    }
    #expect(try rows([1, 199, 300]) == rows([500]))
  }

  /// Each value of the table has one writer, whoever they are.
  @Test(arguments: [4, 8, 11]) func writersOfAStreamShareTheUsers(writerCount: Int) throws {
    let stream = Product360Stream(try workload())
    var writers: [[Int64]: Int] = [:]
    for writer in 0..<writerCount {
      let users = Set(
        (0..<3000).map { stream.user(ofRow: $0, writer: writer, writerCount: writerCount) })
      #expect(users.allSatisfy { (1...1000).contains($0) })
      for user in users {
        let key = [user, Int64(writer % 4)]
        #expect(writers[key] == nil, "user \(user) of stream \(writer % 4) has two writers")
        writers[key] = writer
      }
    }
    #expect(Set(writers.keys.map { $0[0] }).count > 950)
  }
}
