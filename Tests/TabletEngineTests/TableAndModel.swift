import StorageBase
import Testing

@testable import TabletEngine

/// A table of row handles beside a dictionary that goes through the same operations.
struct TableAndModel {
  struct Entry: Equatable {
    var handle: UInt32
    var sequence: Int64
  }

  let table: RowHandleTable
  private(set) var model: [[UInt64]: Entry] = [:]

  init(width: Int, hasSequences: Bool, secret: KeySecret) {
    table = RowHandleTable(width: width, hasSequences: hasSequences, secret: secret)
  }

  /// What an exchange writes, in arrays.
  private struct Outcome {
    var previous: [UInt32]
    var sequences: [Int64]
    var lost: [Bool]

    init(count: Int) {
      previous = [UInt32](repeating: 17, count: count)
      sequences = [Int64](repeating: 17, count: count)
      lost = [Bool](repeating: true, count: count)
    }

    mutating func withOutcome<R>(hasSequences: Bool, _ body: (ExchangeOutcome) -> R) -> R {
      previous.withUnsafeMutableBufferPointer { previous in
        sequences.withUnsafeMutableBufferPointer { sequences in
          lost.withUnsafeMutableBufferPointer { lost in
            body(
              ExchangeOutcome(
                previous: previous, previousSequences: hasSequences ? sequences : nil,
                lost: lost))
          }
        }
      }
    }
  }

  private func handles(_ count: Int, _ random: inout SeededGenerator) -> [UInt32] {
    (0..<count).map { _ in
      let number = UInt32.random(in: 0..<50, using: &random)
      return number == 0 ? RowHandleTable.none : number == 1 ? .max - 1 : number
    }
  }

  private func sequences(_ count: Int, _ random: inout SeededGenerator) -> [Int64] {
    (0..<count).map { _ in
      [.min, -1, 0, 1, 2, 3, .max].randomElement(using: &random) ?? 0
    }
  }

  private mutating func exchange(
    _ codes: [[UInt64]], _ random: inout SeededGenerator, into outcome: inout Outcome
  ) {
    let isAscending = Bool.random(using: &random)
    let first = UInt32.random(in: 0..<1000, using: &random)
    let handles =
      isAscending ? codes.indices.map { first + UInt32($0) } : handles(codes.count, &random)
    let sequences = sequences(codes.count, &random)
    let lostCount = codes.flatMap { $0 }.withUnsafeBufferPointer { codes in
      handles.withUnsafeBufferPointer { handles in
        sequences.withUnsafeBufferPointer { sequences in
          outcome.withOutcome(hasSequences: table.hasSequences) {
            table.exchange(
              codes, with: isAscending ? .ascending(from: first) : .each(handles),
              sequences: table.hasSequences ? sequences : nil, outcome: $0)
          }
        }
      }
    }
    var expected = Outcome(count: codes.count)
    for (row, code) in codes.enumerated() {
      let stored = model[code]
      expected.previous[row] = stored?.handle ?? RowHandleTable.none
      expected.sequences[row] = stored?.sequence ?? 0
      let isLost = table.hasSequences && (stored?.sequence ?? .min) > sequences[row]
      expected.lost[row] = isLost
      if isLost { continue }
      model[code] =
        handles[row] == RowHandleTable.none
        ? nil : Entry(handle: handles[row], sequence: table.hasSequences ? sequences[row] : 0)
    }
    #expect(outcome.previous == expected.previous)
    #expect(outcome.lost == expected.lost)
    #expect(!table.hasSequences || outcome.sequences == expected.sequences)
    #expect(lostCount == expected.lost.count { $0 })
  }

  mutating func exchange(_ codes: [[UInt64]], _ random: inout SeededGenerator) {
    var outcome = Outcome(count: codes.count)
    exchange(codes, &random, into: &outcome)
  }

  mutating func exchangeAndUndo(_ codes: [[UInt64]], _ random: inout SeededGenerator) {
    let before = model
    var outcome = Outcome(count: codes.count)
    exchange(codes, &random, into: &outcome)
    codes.flatMap { $0 }.withUnsafeBufferPointer { codes in
      outcome.withOutcome(hasSequences: table.hasSequences) { table.undo(codes, $0) }
    }
    model = before
  }

  mutating func set(_ codes: [[UInt64]], _ random: inout SeededGenerator) {
    let handles = handles(codes.count, &random)
    let sequences = sequences(codes.count, &random)
    let hasSequences = table.hasSequences && Bool.random(using: &random)
    codes.flatMap { $0 }.withUnsafeBufferPointer { codes in
      handles.withUnsafeBufferPointer { handles in
        sequences.withUnsafeBufferPointer {
          table.set(codes, to: handles, sequences: hasSequences ? $0 : nil)
        }
      }
    }
    for (row, code) in codes.enumerated() {
      let kept = model[code]?.sequence ?? (table.hasSequences ? .min : 0)
      model[code] =
        handles[row] == RowHandleTable.none
        ? nil : Entry(handle: handles[row], sequence: hasSequences ? sequences[row] : kept)
    }
  }

  mutating func remove(_ codes: [[UInt64]]) {
    codes.flatMap { $0 }.withUnsafeBufferPointer { table.remove($0) }
    for code in codes { model[code] = nil }
  }

  mutating func replace(_ codes: [[UInt64]], _ random: inout SeededGenerator) {
    let handles = handles(codes.count, &random)
    let expected = codes.map { code in
      Bool.random(using: &random) ? model[code]?.handle ?? RowHandleTable.none : 5
    }
    let replaced = codes.flatMap { $0 }.withUnsafeBufferPointer { codes in
      handles.withUnsafeBufferPointer { handles in
        expected.withUnsafeBufferPointer { table.replace(codes, expected: $0, with: handles) }
      }
    }
    var count = 0
    for (row, code) in codes.enumerated() {
      guard let entry = model[code], entry.handle == expected[row] else { continue }
      count += 1
      model[code] =
        handles[row] == RowHandleTable.none
        ? nil : Entry(handle: handles[row], sequence: entry.sequence)
    }
    #expect(replaced == count)
  }

  /// Both say the same of these codes, and of how many there are.
  func check(_ codes: [[UInt64]]) {
    var handles = [UInt32](repeating: 17, count: codes.count)
    var sequences = [Int64](repeating: 17, count: codes.count)
    codes.flatMap { $0 }.withUnsafeBufferPointer { codes in
      handles.withUnsafeMutableBufferPointer { handles in
        sequences.withUnsafeMutableBufferPointer {
          table.find(codes, into: handles, sequences: table.hasSequences ? $0 : nil)
        }
      }
    }
    #expect(handles == codes.map { model[$0]?.handle ?? RowHandleTable.none })
    #expect(!table.hasSequences || sequences == codes.map { model[$0]?.sequence ?? 0 })
    #expect(table.count == model.count)
  }
}
