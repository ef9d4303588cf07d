import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Handles of rows while compactions move them.
@Suite struct RowSpaceTests {
  private func segment(_ number: Int) -> RowsetSegment {
    RowsetSegment(
      path: "\(number)", rowset: RowsetID(rawValue: UInt64(number)), ordinal: 0,
      placement: .file(byteCount: 1), caches: .forOnePass
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
    space.move(
      segments[0], to: RowSpace.Move(to: (0..<10).map { bases[1] + 9 - UInt32($0) }))
    space.confirmMove(segments[0])
    space.move(
      segments[1],
      to: RowSpace.Move(to: (0..<10).map { $0 == 4 ? RowSpace.none : bases[2] + UInt32($0) }))
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
    space.move(input, to: RowSpace.Move(to: (0..<10).map { target + UInt32($0) }))
    #expect(space.resolved(base + 3) == target + 3)
    #expect(space.settled(base + 3) == base + 3)
    space.confirmMove(input)
    #expect(space.settled(base + 3) == target + 3)
  }

  /// An output of several segments, whatever order rows go there in; and the same seen by row.
  @Test(arguments: 0..<20 as Range<UInt64>) func rowsMoveToSeveralSegments(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var space = RowSpace()
    let inputs = (0..<3).map { segment($0) }
    let outputs = (3..<6).map { segment($0) }
    let olds = try inputs.map { try add($0, to: &space) }
    let bases = try outputs.map { try add($0, to: &space) }
    // Rows 0..<30 of the output lie in three segments, of 10 rows each.
    var numbers = Array((0..<30 as Range<UInt32>).shuffled(using: &random))
    for index in numbers.indices where Int.random(in: 0..<4, using: &random) == 0 {
      numbers[index] = RowSpace.none
    }
    for (index, input) in inputs.enumerated() {
      space.move(
        input,
        to: RowSpace.Move(
          rows: Array(numbers[index * 10..<index * 10 + 10]), starts: [0, 10, 20], bases: bases))
      space.confirmMove(input)
    }
    func expected(_ number: UInt32) -> UInt32 {
      number == RowSpace.none ? number : bases[Int(number / 10)] + number % 10
    }
    for (index, input) in inputs.enumerated() {
      let rows = (0..<10 as Range<UInt32>).filter { _ in Bool.random(using: &random) }
      let own = rows.map { expected(numbers[index * 10 + Int($0)]) }
      let moves = try #require(space.moves(of: rows, in: input))
      #expect(moves.old == rows.map { olds[index] + $0 })
      #expect(moves.new == own)
      #expect(moves.old.map { space.resolved($0) } == own)
    }
    // One of the outputs is compacted, and forgotten, before the inputs are.
    let last = segment(6)
    let base = try add(last, to: &space)
    space.move(outputs[1], to: RowSpace.Move(rows: Array(0..<10), starts: [0], bases: [base]))
    space.confirmMove(outputs[1])
    func later(_ number: UInt32) -> UInt32 {
      number != RowSpace.none && number / 10 == 1 ? base + number % 10 : expected(number)
    }
    for isForgotten in [false, true] {
      if isForgotten { space.remove(outputs[1]) }
      for (index, input) in inputs.enumerated() {
        let moves = try #require(space.moves(of: Array(0..<10), in: input))
        #expect(moves.new == numbers[index * 10..<index * 10 + 10].map { later($0) })
      }
    }
    space.remove(inputs[0])
    #expect(space.moves(of: [0], in: inputs[0]) == nil)
  }
}
