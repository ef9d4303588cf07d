import Foundation
import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import StreamTransforms
import Testing

@testable import StreamDriver

/// Rows of texts come once, in order, wherever reading is broken off.
struct TextStreamTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures")
  private let files = MemoryFileSystem()
  private let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))

  private func put(_ name: String, _ bytes: [UInt8]) throws {
    try files.create(name, cause: .tool).append(bytes)
  }

  private func putFixture(_ name: String) throws {
    try put("/\(name)", [UInt8](Data(contentsOf: Self.fixtures.appendingPathComponent(name))))
  }

  private func stream(_ path: String, isFollowed: Bool = false) throws -> TextStream {
    try TextStream(path, mapping: nil, isFollowed: isFollowed, files: files, clock: clock)
  }

  /// The values of the first column until there are no more now, in turns of one reading.
  private func ids(_ reader: any PartitionReader) throws -> [Int64] {
    var ids: [Int64] = []
    while case .rows(let batch) = try reader.read(maxRows: 100) {
      for row in 0..<batch.rows.rowCount {
        guard case .integer(let id) = batch.rows.rows.columns[0][row] else { continue }
        ids.append(Int64(id))
      }
    }
    return ids
  }

  @Test(arguments: ["rows.csv", "rows.csv.gz", "rows.csv.lz4", "rows.csv.zst"])
  func filesAreReadFromAnyPosition(name: String) throws {
    try putFixture(name)
    let stream = try stream("/\(name)")
    #expect(stream.schema.columns.map(\.name) == ["id", "name", "amount"])
    let whole = try stream.open("/\(name)", at: .start)
    #expect(try ids(whole) == Array(0..<500))
    #expect(whole.position.rowCount == 501)
    // A reader at each of some rows, as if the ones before had been given out.
    let text = try String(
      contentsOf: Self.fixtures.appendingPathComponent("rows.csv"), encoding: .utf8)
    var offset = 0
    let bytes = Array(text.utf8)
    for line in 0..<501 {
      offset = (bytes[offset...].firstIndex(of: 10) ?? 0) + 1
      guard line % 50 == 0 || line == 500 else { continue }
      let prefix = bytes[..<min(offset, 4096)]
      let position = SourcePosition(
        offset: UInt64(offset), rowCount: UInt64(line + 1),
        digest: UInt64(prefix.withUnsafeBytes { crc32c($0) }))
      let reader = try stream.open("/\(name)", at: position)
      #expect(try ids(reader) == Array(Int64(line)..<500))
      #expect(reader.position == whole.position)
    }
  }

  @Test(arguments: ["rows.csv.gz", "rows.csv.lz4", "rows.csv.zst"])
  func filesThatAreCutOffAreNotWhole(name: String) throws {
    let bytes = [UInt8](try Data(contentsOf: Self.fixtures.appendingPathComponent(name)))
    for count in [bytes.count - 1, bytes.count / 2] {
      try put("/cut-\(name)", Array(bytes[..<count]))
      #expect(throws: StorageError.self) {
        try ids(stream("/cut-\(name)").open("/cut-\(name)", at: .start))
      }
    }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<200 {
      var damaged = bytes
      damaged[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
      try put("/damaged-\(name)", damaged)
      do {
        let stream = try stream("/damaged-\(name)")
        _ = try ids(stream.open("/damaged-\(name)", at: .start))
      } catch { #expect(error is StorageError) }
    }
  }

  /// In JSON a quote is no bracket around line ends, wherever reading begins.
  @Test func quotesInJSONHoldNothingBack() throws {
    let filler = (0..<8000).map {
      "{\"id\": \($0), \"text\": \"\(String(repeating: "x", count: 100))\"}\n"
    }.joined()
    let rest = "{\"id\": 8000, \"text\": \"a \\\" b\"}\n"
    try put("/rows.jsonl", Array((filler + rest).utf8))
    let stream = try stream("/rows.jsonl", isFollowed: true)
    let start = SourcePosition(
      offset: UInt64(filler.utf8.count), rowCount: 8000,
      digest: UInt64(Array(filler.utf8.prefix(4096)).withUnsafeBytes { crc32c($0) }))
    #expect(try ids(stream.open("/rows.jsonl", at: start)) == [8000])
  }

  @Test func filesThatGrowAreFollowed() throws {
    let text = Array("id,name\n1,a\n2,b\n3,\"c\nd\"\n4,e\n".utf8)
    try put("/log.csv", Array(text[..<12]))
    let stream = try stream("/log.csv", isFollowed: true)
    let reader = try stream.open("/log.csv", at: .start)
    var found = try ids(reader)
    let file = try files.openForAppending("/log.csv", cause: .tool)
    for byte in text[12...] {
      try file.append([byte])
      found += try ids(reader)
      // Whoever begins again there goes on there.
      let other = try stream.open("/log.csv", at: reader.position)
      #expect(try ids(other).isEmpty)
      #expect(other.position == reader.position)
    }
    #expect(found == [1, 2, 3, 4])
  }

  @Test func newFilesOfADirectoryAreFound() throws {
    try files.createDirectory("/in")
    try put("/in/a.csv", Array("id\n1\n".utf8))
    try put("/in/b.csv.tmp", Array("id\n".utf8))
    let followed = try stream("/in", isFollowed: true)
    let bounded = try stream("/in/*.csv")
    #expect(try followed.partitions() == ["/in/a.csv"])
    try put("/in/c.csv", Array("id\n2\n".utf8))
    #expect(try followed.partitions() == ["/in/a.csv", "/in/c.csv"])
    #expect(try bounded.partitions() == ["/in/a.csv"])
  }

  @Test func replacedFilesAreNotReadOn() throws {
    try put("/in.csv", Array("id\n1\n2\n".utf8))
    let stream = try stream("/in.csv")
    let reader = try stream.open("/in.csv", at: .start)
    #expect(try ids(reader) == [1, 2])
    for other in ["id\n7\n2\n3\n", "id\n1\n"] {
      try put("/in.csv", Array(other.utf8))
      #expect {
        try ids(stream.open("/in.csv", at: reader.position))
      } throws: { error in
        guard case .damaged? = error as? StorageError else { return false }
        return true
      }
    }
  }

  @Test func rowsThatCannotBeReadAreKnownByTheirLines() throws {
    try put(
      "/in.csv", Array("id,n\n1,1\nx,2\n3,3\n4,4,4\n5,5\n".utf8))
    let mapping = try InputMapping(
      columns: [
        InputMapping.ColumnMapping(name: "id", type: .int64, source: .position(1)),
        InputMapping.ColumnMapping(name: "n", type: .int64, source: .position(2)),
      ])
    let stream = try TextStream(
      "/in.csv", mapping: mapping, isFollowed: false, files: files, clock: clock)
    let reader = try stream.open("/in.csv", at: .start)
    guard case .rows(let batch) = try reader.read(maxRows: 10) else {
      Issue.record("no rows")
      return
    }
    #expect(batch.unreadable.map(\.offset) == [3, 5])
    #expect(batch.unreadable.map(\.row) == ["x,2", "4,4,4"])
    #expect((0..<3).map { batch.rows.offset(of: $0) } == [2, 4, 6])
    guard case .ended = try reader.read(maxRows: 10) else {
      Issue.record("not ended")
      return
    }
  }

  @Test func namesFitPatterns() {
    let cases: [(String, String, Bool)] = [
      ("*", "", true), ("*.csv", "a.csv", true), ("*.csv", "a.csv.gz", false),
      ("a?c*", "abcd", true), ("a?c*", "ac", false), ("*a*b", "xayab", true),
      ("*a*b", "xaya", false), ("??", "é1", true),
    ]
    for (pattern, name, fits) in cases {
      #expect(NamePattern(pattern).matches(name) == fits, "\(pattern) \(name)")
    }
  }
}
