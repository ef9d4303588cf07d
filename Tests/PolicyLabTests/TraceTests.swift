import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@testable import PolicyLab

@Suite struct TraceTests {
  /// What a recorder was told at one question.
  private struct Asked: Equatable {
    let tablet: TabletID
    let facts: TabletFacts
    let decision: CompactionDecision
  }

  /// Tells a recorder of random histories: several changes at once, questions on states that are
  /// older by some changes, tablets that come later.
  private static func history(seed: UInt64) -> (CompactionTrace, [Asked], [TabletID: TracedTablet])
  {
    var samples = TraceSamples(seed: seed)
    var recorder = TraceRecorder()
    var events: [TraceEvent] = []
    var asked: [Asked] = []
    var states: [TabletID: [TracedTablet]] = [:]
    for _ in 0..<60 {
      let id = TabletID(rawValue: UInt64(samples.number(1...3)))
      let keys: KeysModel = id.rawValue == 2 ? .unique : .duplicate
      var history = states[id] ?? [samples.tablet(keys)]
      for _ in 0..<samples.number(0...2) {
        history.append(samples.changed(history[history.count - 1]))
      }
      states[id] = history
      let newest = history[history.count - 1]
      events += recorder.note(newest.facts(now: samples.time()), of: id)
      guard samples.number(0...2) > 0 else { continue }
      let age = samples.number(0...3) == 0 ? min(history.count - 1, samples.number(1...2)) : 0
      let question = Asked(
        tablet: id, facts: samples.facts(history[history.count - 1 - age]),
        decision: samples.decision())
      asked.append(question)
      events.append(recorder.asked(question.facts, of: id, decision: question.decision))
    }
    let trace = CompactionTrace(
      origin: TraceOrigin(source: "engine", policy: "gradient", seed: .max), events: events)
    return (trace, asked, states.compactMapValues(\.last))
  }

  @Test(arguments: 1...30) func factsAreRebuiltExactly(seed: UInt64) throws {
    let (trace, asked, newest) = Self.history(seed: seed)
    let read = try CompactionTrace(parsing: Array(trace.text.utf8), file: "t")
    #expect(read == trace)
    var found: [Asked] = []
    var state = TraceState()
    for event in read.events {
      if case .ask(let id, let question) = event {
        let facts = try #require(state.facts(of: question, tablet: id))
        found.append(Asked(tablet: id, facts: facts, decision: question.decision))
      }
      try state.apply(event)
    }
    #expect(found == asked)
    #expect(state.tablets == newest)
    // Not by restating tablets all the time: most changes are one load or one merge.
    let kinds = read.events.count { if case .load = $0 { true } else { false } }
    #expect(kinds > 5)
  }

  /// A program that was killed leaves a piece of a line.
  @Test func aTornLineIsLeftOut() throws {
    let trace = Self.history(seed: 1).0
    let bytes = Array(trace.text.utf8)
    let last = trace.events[trace.events.count - 1].line.utf8.count
    for count in [1, last / 2, last] {
      let read = try CompactionTrace(parsing: Array(bytes.dropLast(count)), file: "t")
      #expect(read.events == trace.events.dropLast())
    }
    #expect(throws: StorageError.self) { try CompactionTrace(parsing: [], file: "t") }
    #expect(throws: StorageError.self) {
      try CompactionTrace(parsing: Array(bytes.prefix(20)), file: "t")
    }
  }

  private static let head = #"{"trace":"sediment-compaction","version":1,"source":"engine"}"# + "\n"
  private static let tablet =
    #"{"event":"tablet","tablet":1,"at":0,"keys":"duplicate","point":2,"succeeded":{},"rowsets":["#
    + #"{"versions":[0,1],"bytes":0,"rows":0,"segments":0,"created":0}]}"# + "\n"

  @Test(
    arguments: [
      ("{}", "version"), ("[]", "object"), ("{\"event\":\"nap\",\"tablet\":1}", "known event"),
      (
        #"{"event":"load","tablet":2,"rowset":{"versions":[2,2],"bytes":1,"rows":1,"#
          + #""segments":1,"created":0}}"#, "tablet"
      ),
      (
        #"{"event":"load","tablet":1,"rowset":{"versions":[3,3],"bytes":1,"rows":1,"#
          + #""segments":1,"created":0}}"#, "version 2"
      ),
      (
        #"{"event":"load","tablet":1,"rowset":{"versions":[2,1],"bytes":1,"rows":1,"#
          + #""segments":1,"created":0}}"#, "in order"
      ),
      (
        #"{"event":"load","tablet":1,"rowset":{"versions":[2,2],"bytes":9223372036854775807,"#
          + #""rows":1,"segments":1,"created":0}}"#, "bytes"
      ),
      (
        #"{"event":"load","tablet":1,"rowset":{"versions":[2,2],"bytes":1,"rows":1,"segments":1,"#
          + #""created":0,"note":1}}"#, "no member"
      ),
      (
        #"{"event":"load","tablet":1,"rowset":{"versions":[2,2],"bytes":-1,"rows":1,"segments":1,"#
          + #""created":0}}"#, "bytes"
      ),
      (
        #"{"event":"merge","tablet":1,"at":0,"kind":"base","point":2,"rowset":{"versions":[0,0],"#
          + #""bytes":1,"rows":1,"segments":1,"created":0}}"#, "whole rowsets"
      ),
      (
        #"{"event":"merge","tablet":1,"at":0,"kind":"base","point":9,"rowset":{"versions":[0,1],"#
          + #""bytes":1,"rows":1,"segments":1,"created":0}}"#, "point"
      ),
      (
        #"{"event":"load","tablet":1,"visible":6,"rowset":{"versions":[2,2],"bytes":1,"rows":1,"#
          + #""segments":1,"created":7}}"#, "visible at 7 or later"
      ),
      (#"{"event":"ask","tablet":1,"at":0,"kinds":["odd"],"because":""}"#, "kind"),
      (#"{"event":"ask","tablet":1,"at":0,"kinds":[],"unseen":2,"because":""}"#, "unseen"),
      (#"{"event":"ask","tablet":1,"at":0,"kinds":[],"entropy":"xyz","because":""}"#, "entropy"),
      (#"{"event":"ask","tablet":1,"at":0,"kinds":[],"picks":[],"until":1,"because":""}"#, "until"),
      (#"{"event":"ask","tablet":1,"at":0,"kinds":[]}"#, "because"),
      (#"{"event":"ask","tablet":-1,"at":0,"kinds":[],"because":""}"#, "tablet"),
      (
        #"{"event":"tablet","tablet":1,"at":0,"keys":"odd","point":0,"succeeded":{},"rowsets":[]}"#,
        "keys"
      ),
      (
        #"{"event":"tablet","tablet":1,"at":0,"keys":"unique","point":1,"succeeded":{},"#
          + #""rowsets":[]}"#, "point"
      ),
      (
        #"{"event":"tablet","tablet":1,"at":0,"keys":"unique","point":0,"succeeded":{},"rowsets":["#
          + #"{"versions":[1,1],"bytes":0,"rows":0,"segments":0,"created":0}]}"#, "version 0"
      ),
      ("{\"event\":\"ask\"", "comma"),
    ]) func badLinesAreRefusedWithTheirNumber(line: String, expected: String)
  {
    let text = expected == "version" ? line + "\n" : Self.head + Self.tablet + line + "\n"
    do {
      _ = try CompactionTrace(parsing: Array(text.utf8), file: "some.trace")
      Issue.record("accepted: \(line)")
    } catch StorageError.corrupt(let file, let offset, let what, let reason, let found) {
      #expect(file == "some.trace")
      #expect(what == (expected == "version" ? "line 1" : "line 3"))
      #expect(offset == (expected == "version" ? 0 : UInt64((Self.head + Self.tablet).utf8.count)))
      #expect("\(reason) \(found)".contains(expected), "\(reason), \(found)")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func newerTracesAreRefusedAsSuch() {
    let text = #"{"trace":"sediment-compaction","version":3,"what":"ever"}"# + "\n"
    #expect(
      throws: StorageError.unsupportedFormat(file: "t", found: "trace 3", supported: "trace 1 to 2")
    ) { try CompactionTrace(parsing: Array(text.utf8), file: "t") }
  }

  /// Bytes changed at random are read or refused, and what is read can be asked about.
  @Test func mutatedTracesNeverTrap() throws {
    var random = SeededGenerator(seed: 5)
    let policies = try PolicyCatalogue.shipped.entries.map {
      try PolicyCatalogue.shipped.policy($0.name).policy
    }
    let bytes = Array(Self.history(seed: 3).0.text.utf8.prefix(6000))
    var readCount = 0
    for round in 0..<300 {
      var changed = bytes
      for _ in 0..<1 + random.next() % 2 {
        let place = Int(random.next() % UInt64(changed.count))
        let digits = Array("0123456789[]{},\":-e".utf8)
        changed[place] = digits[Int(random.next() % UInt64(digits.count))]
      }
      do {
        let trace = try CompactionTrace(parsing: changed, file: "t")
        _ = try TraceAgreement(of: trace, with: policies[round % policies.count])
        _ = try TracedWorkload(of: trace)
        readCount += 1
      } catch is StorageError {}
    }
    #expect(readCount > 0)
  }
}
