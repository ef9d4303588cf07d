import CKernels

/// The handles that the rows of a batch get.
package enum NewHandles {
  /// This one, the next one, …
  case ascending(from: UInt32)
  case each(UnsafeBufferPointer<UInt32>)

  func check(_ rowCount: Int) {
    switch self {
    case .ascending(let first):
      precondition(
        Int(first) + rowCount <= RowHandleTable.countMax, "handles beyond the greatest, 2^32 - 2")
    case .each(let handles): precondition(handles.count >= rowCount, "too few handles")
    }
  }

  func describe(in changes: inout ck_row_changes) {
    switch self {
    case .ascending(let first): changes.first_handle = first
    case .each(let handles): changes.handles = handles.baseAddress
    }
  }
}

/// Where an exchange writes, for each row of its batch, what was there before.
package struct ExchangeOutcome {
  /// The handle that the code had, or `RowHandleTable.none`.
  package let previous: UnsafeMutableBufferPointer<UInt32>
  /// Its sequence, 0 for none.
  package let previousSequences: UnsafeMutableBufferPointer<Int64>?
  /// Whether the row has lost against a greater sequence; always false without sequences.
  package let lost: UnsafeMutableBufferPointer<Bool>?

  package init(
    previous: UnsafeMutableBufferPointer<UInt32>,
    previousSequences: UnsafeMutableBufferPointer<Int64>? = nil,
    lost: UnsafeMutableBufferPointer<Bool>? = nil
  ) {
    self.previous = previous
    self.previousSequences = previousSequences
    self.lost = lost
  }

  func check(_ rowCount: Int, hasSequences: Bool) {
    precondition(previous.count >= rowCount, "too little room for previous handles")
    precondition(
      previousSequences.map { hasSequences && $0.count >= rowCount } ?? true,
      "too little room for previous sequences, or a table without them")
    precondition(lost.map { $0.count >= rowCount } ?? true, "too little room for what has lost")
  }
}
