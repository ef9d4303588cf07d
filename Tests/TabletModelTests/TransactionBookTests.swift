import StorageBase
import TabletModel
import Testing

/// The rules of transactions and labels, against the tables of the Stream Load protocol and
/// against a list.
@Suite struct TransactionBookTests {
  private let noon = Timestamp(rawValue: 1_000_000)

  private func book() -> TransactionBook {
    var book = TransactionBook()
    book.reserve(below: TransactionID(rawValue: 1 << 20))
    return book
  }

  private enum Step: CaseIterable { case precommit, commitInOnePhase, commit, abort }

  private func apply(_ step: Step, to transaction: inout Transaction) throws {
    switch step {
    case .precommit: try transaction.precommit(at: noon, deadline: noon)
    case .commitInOnePhase: try transaction.commitInOnePhase(sequence: 9, at: noon)
    case .commit: try transaction.commit(sequence: 9, at: noon)
    case .abort: try transaction.abort(because: "told so", at: noon)
    }
  }

  private func transaction(_ state: TransactionState) -> Transaction {
    Transaction(
      id: TransactionID(rawValue: 7), label: "l", startedAt: noon, state: state, changedAt: noon,
      deadline: nil, sequence: 0, abortReason: state == .aborted ? "why" : "", isTwoPhase: false)
  }

  /// What every operation does in every state: the state after it, or the message of the refusal.
  @Test func stepsFollowTheProtocol() {
    let aborted = "transaction [7] is already aborted. abort reason: why"
    let late = "transaction [7] is already VISIBLE, could not abort."
    let table: [(TransactionState, [String])] = [
      (
        .prepare,
        [
          "precommitted", "visible", "transaction [7] is prepare, not pre-committed.",
          "aborted",
        ]
      ),
      (
        .precommitted,
        [
          "precommitted", "transaction [7] is precommitted, not pre-committed.",
          "visible", "aborted",
        ]
      ),
      (
        .visible,
        [
          "transaction [7] is visible, not pre-committed.",
          "transaction [7] is visible, not pre-committed.", "visible", late,
        ]
      ),
      (.aborted, [aborted, aborted, aborted, "aborted"]),
    ]
    for (state, expected) in table {
      for (step, outcome) in zip(Step.allCases, expected) {
        var changed = transaction(state)
        do {
          try apply(step, to: &changed)
          #expect(changed.state.description == outcome, "\(step) of \(state)")
        } catch {
          #expect("\(error)" == outcome, "\(step) of \(state)")
          #expect(changed == transaction(state), "a refusal changes nothing")
        }
      }
    }
  }

  /// Random histories against a list of everything that ever began.
  @Test(arguments: 0..<50) func labelsBelongToOneThatIsNotAborted(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var book = book()
    var known: [Transaction] = []
    for step in 0..<300 {
      let label = ["", "a", "b", "c"][Int(random.next() % 4)]
      let now = Timestamp(rawValue: Int64(step))
      if random.next() % 3 == 0 {
        let holder = known.last { $0.label == label && $0.state != .aborted }
        if let holder, !label.isEmpty {
          #expect(
            throws: TransactionError.labelInUse(label: label, by: holder.id, state: holder.state)
          ) { try book.begin(label: label, at: now, deadline: nil) }
        } else {
          known.append(try book.begin(label: label, at: now, deadline: nil))
        }
      } else if let index = known.indices.randomElement(using: &random) {
        let action = Step.allCases[Int(random.next() % 4)]
        do { try apply(action, to: &known[index]) } catch is TransactionError {}
        book.put(known[index])
      }
      for name in ["a", "b", "c"] {
        #expect(book.transaction(label: name) == known.last { $0.label == name })
      }
      #expect(book.runningCount == known.count { !$0.state.isFinal })
    }
    #expect(Set(known.map(\.id)).count == known.count)
  }

  @Test func endedOnesAreForgottenByAgeAndCount() throws {
    var book = book()
    for number in 0..<10 {
      var one = try book.begin(label: "l\(number)", at: noon, deadline: nil)
      let now = noon.advanced(bySeconds: Double(number))
      try one.commitInOnePhase(sequence: UInt64(number + 1), at: now)
      book.put(one)
    }
    let now = noon.advanced(bySeconds: 12)
    book.forget(TransactionBook.Retention(seconds: 7, countMax: 100), at: now)
    #expect(book.endedCount == 5)
    #expect(book.transaction(label: "l4") == nil)
    #expect(book.transaction(label: "l5") != nil)
    book.forget(TransactionBook.Retention(seconds: 7, countMax: 2), at: now)
    #expect(book.ended.map(\.label) == ["l8", "l9"])
    // A forgotten label is free.
    #expect(try book.begin(label: "l0", at: now, deadline: nil).state == .prepare)
  }

  /// Places among those that ever ended stay, however many are forgotten.
  @Test(arguments: 0..<5 as Range<UInt64>) func placesOfEndedOnesStay(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var book = book()
    var all: [Transaction] = []
    for number in 0..<4000 {
      let now = noon.advanced(bySeconds: Double(number))
      var one = try book.begin(label: "l\(number)", at: now, deadline: nil)
      try one.commitInOnePhase(sequence: UInt64(number + 1), at: now)
      book.put(one)
      all.append(one)
      guard random.next() % 40 == 0 else { continue }
      let count = Int(random.next() % 1500)
      book.forget(TransactionBook.Retention(seconds: 1e9, countMax: count), at: now)
      #expect(book.everEnded == all.count - book.endedCount..<all.count)
      #expect(book.endedCount <= count)
      let end = Int(random.next() % UInt64(all.count + 1))
      let start = Int(random.next() % UInt64(end + 1))
      let known = max(start, book.everEnded.lowerBound)..<max(end, book.everEnded.lowerBound)
      #expect(book.ended(start..<end) == Array(all[known]))
      #expect(book.ended == Array(all[book.everEnded]))
    }
    #expect(book.everEnded.lowerBound > 1024)
  }

  @Test func deadlinesAreOfRunningOnes() throws {
    var book = book()
    let late = noon.advanced(bySeconds: 5)
    _ = try book.begin(label: "", at: noon, deadline: late)
    var soon = try book.begin(label: "", at: noon, deadline: noon.advanced(bySeconds: 1))
    #expect(book.nextDeadline == soon.deadline)
    #expect(book.due(at: late).count == 2)
    try soon.abort(because: "", at: noon)
    book.put(soon)
    #expect(book.due(at: late).map(\.deadline) == [late])
    #expect(book.due(at: noon).isEmpty)
  }

  /// Ids that were given out before a restart are not given out again.
  @Test func idsAreNeverReused() throws {
    var book = book()
    let first = try book.begin(label: "", at: noon, deadline: nil)
    var recovered = TransactionBook()
    #expect(recovered.needsReservation)
    recovered.startAgain(at: book.reservedEnd)
    #expect(recovered.needsReservation)
    recovered.reserve(below: TransactionID(rawValue: 1 << 21))
    #expect(try recovered.begin(label: "", at: noon, deadline: nil).id > first.id)
  }

  @Test func tooManyRunningAreRefused() throws {
    var book = book()
    for _ in 0..<Limits.runningTransactionCountMax {
      _ = try book.begin(label: "", at: noon, deadline: nil)
    }
    #expect(throws: TransactionError.self) {
      _ = try book.begin(label: "", at: noon, deadline: nil)
    }
  }
}
