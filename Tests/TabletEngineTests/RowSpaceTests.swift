import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Handles of rows while compactions move them.
@Suite struct RowSpaceTests {
  private func segment(_ number: Int) -> RowsetSegment {
    RowsetSegment(
      path: "\(number)", rowset: RowsetID(rawValue: UInt64(number)), ordinal: 0,
      placement: .file(byteCount: 1), caches: .none
    ) { MemoryFile(path: "\(number)", bytes: [0]) }
  }

  private func add(_ segment: RowsetSegment, to space: inout RowSpace) throws -> UInt32 {
    try space.add(segment, rowCount: 10, version: Version(1), hasDeleteSigns: false)
  }

  /// Entries that a compaction could not lead to its output stay right when that is compacted again
  /// and forgotten.
  @Test func handlesOutliveTheSegmentsInBetween() throws {
    var space = RowSpace()
    let segments = (0..<3).map { segment($0) }
    let bases = try segments.map { try add($0, to: &space) }
    space.move(segments[0], to: (0..<10).map { bases[1] + 9 - UInt32($0) })
    space.confirmMove(segments[0])
    space.move(
      segments[1], to: (0..<10).map { $0 == 4 ? RowSpace.none : bases[2] + UInt32($0) })
    space.confirmMove(segments[1])
    let before = (0..<10).map { space.resolved(bases[0] + UInt32($0)) }
    space.remove(segments[1])
    #expect((0..<10).map { space.resolved(bases[0] + UInt32($0)) } == before)
    #expect(before[0] == bases[2] + 9 && before[5] == RowSpace.none)
  }

  /// What is restored when a group of commits fails does not lead to the output of a compaction
  /// that fails with it.
  @Test func whatIsTakenBackLeadsNowhereNew() throws {
    var space = RowSpace()
    let input = segment(0)
    let output = segment(1)
    let base = try add(input, to: &space)
    let target = try add(output, to: &space)
    space.move(input, to: (0..<10).map { target + UInt32($0) })
    #expect(space.resolved(base + 3) == target + 3)
    #expect(space.settled(base + 3) == base + 3)
    space.confirmMove(input)
    #expect(space.settled(base + 3) == target + 3)
  }
}
