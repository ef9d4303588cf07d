import ScanKernels
import StorageBase

/// What the entries of the rows of a segment were before it was published. Immutable.
struct RowExchange: Sendable {
  /// By row, the handle that its key had, or `RowHandleTable.none`; of rows that have lost, the one
  /// it still has.
  let previous: [UInt32]
  /// By row, its sequence; empty without sequences.
  let previousSequences: [Int64]
  /// By row, whether what was there has a greater sequence; empty when none has lost.
  let lost: [Bool]
}

extension RowHandleTable {
  func handles(of codes: KeyCodes) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: codes.count) { handles, count in
      find(codes.words, into: handles)
      count = codes.count
    }
  }

  /// Gives keys the handles from `first` on.
  func exchange(_ codes: KeyCodes, first: UInt32, sequences: [Int64]?) -> RowExchange {
    exchange(codes, with: .ascending(from: first), sequences: sequences)
  }

  /// Gives keys greater sequences, or the same, and leaves them their handles.
  /// - Precondition: all of them have one.
  func raise(_ codes: KeyCodes, to sequences: [Int64]) -> RowExchange {
    let handles = handles(of: codes)
    precondition(!handles.contains(Self.none), "a key without an entry")
    return handles.withUnsafeBufferPointer {
      exchange(codes, with: .each($0), sequences: sequences)
    }
  }

  private func exchange(
    _ codes: KeyCodes, with handles: NewHandles, sequences: [Int64]?
  ) -> RowExchange {
    let count = codes.count
    var previousSequences: [Int64] = []
    var lost: [Bool] = []
    var lostCount = 0
    let previous = [UInt32](unsafeUninitializedCapacity: count) { previous, initialized in
      guard let sequences else {
        exchange(
          codes.words, with: handles, outcome: ExchangeOutcome(previous: previous))
        initialized = count
        return
      }
      lost = [Bool](unsafeUninitializedCapacity: count) { lost, lostInitialized in
        previousSequences = [Int64](unsafeUninitializedCapacity: count) { old, oldInitialized in
          lostCount = sequences.withUnsafeBufferPointer {
            exchange(
              codes.words, with: handles, sequences: $0,
              outcome: ExchangeOutcome(previous: previous, previousSequences: old, lost: lost))
          }
          oldInitialized = count
        }
        lostInitialized = count
      }
      initialized = count
    }
    return RowExchange(
      previous: previous, previousSequences: previousSequences, lost: lostCount == 0 ? [] : lost)
  }

  /// Gives keys the handles from `first` on, whatever they had.
  func set(_ codes: KeyCodes, first: UInt32, sequences: [Int64]?) {
    let handles = Array(first..<first + UInt32(codes.count))
    handles.withUnsafeBufferPointer { handles in
      guard let sequences else { return set(codes.words, to: handles) }
      sequences.withUnsafeBufferPointer { set(codes.words, to: handles, sequences: $0) }
    }
  }

  /// Undoes an exchange of the same keys.
  /// - Parameter resolved: where a handle leads by now.
  func undo(_ codes: KeyCodes, _ exchange: RowExchange, resolved: (UInt32) -> UInt32) {
    var previous = exchange.previous.map { $0 == Self.none ? $0 : resolved($0) }
    var sequences = exchange.previousSequences
    var lost =
      exchange.lost.isEmpty
      ? [Bool](repeating: false, count: previous.count) : exchange.lost
    previous.withUnsafeMutableBufferPointer { previous in
      sequences.withUnsafeMutableBufferPointer { sequences in
        lost.withUnsafeMutableBufferPointer { lost in
          undo(
            codes.words,
            ExchangeOutcome(
              previous: previous, previousSequences: hasSequences ? sequences : nil, lost: lost))
        }
      }
    }
  }

  /// Gives keys other handles where they have the expected ones; `none` takes them away.
  func replace(_ codes: KeyCodes, expected: [UInt32], with handles: [UInt32]) {
    _ = expected.withUnsafeBufferPointer { expected in
      handles.withUnsafeBufferPointer { replace(codes.words, expected: expected, with: $0) }
    }
  }
}
