import StorageBase
import Synchronization
import Testing

@testable import WorkloadGroups

@Suite struct MemoryTrackerTests {
  @Test func limitsHoldOnEveryLevel() throws {
    let process = MemoryTracker("process", byteCountMax: 100)
    let group = MemoryTracker("group", byteCountMax: 80, parent: process)
    let other = MemoryTracker("other", parent: process)
    do {
      let query = MemoryTracker("query", byteCountMax: 50, parent: group)
      try query.consume(40)
      #expect(throws: AdmissionRefusal.memoryExceeded(owner: "query", byteCount: 51, limit: 50)) {
        try query.consume(11)
      }
      let second = MemoryTracker("second", parent: group)
      #expect(throws: AdmissionRefusal.memoryExceeded(owner: "group", byteCount: 81, limit: 80)) {
        try second.consume(41)
      }
      try other.consume(55)
      #expect(throws: AdmissionRefusal.memoryExceeded(owner: "process", byteCount: 101, limit: 100))
      { try second.consume(6) }
      // What was refused is held nowhere.
      #expect([query, second, group, other, process].map(\.byteCount) == [40, 0, 40, 55, 95])
      try query.setByteCount(45)
      try query.setByteCount(10)
      #expect([query, group, process].map(\.byteCount) == [10, 10, 65])
      #expect(query.peakByteCount == 45)
      #expect(throws: AdmissionRefusal.self) { try second.consume(.max) }
    }
    // An operation that is gone holds nothing.
    #expect(group.byteCount == 0 && process.byteCount == 55 && process.peakByteCount == 100)
  }

  @Test func tokensKnowTheirDeadline() {
    let token = CancellationToken(deadline: Timestamp(rawValue: 10))
    #expect(!token.isOver(at: Timestamp(rawValue: 9)) && token.isOver(at: Timestamp(rawValue: 10)))
    #expect(!token.isCancelled)
    token.cancel()
    #expect(token.isCancelled && token.isOver(at: Timestamp(rawValue: 0)))
    #expect(!CancellationToken().isOver(at: Timestamp(rawValue: .max)))
  }

  @Test func refusalsNameFigureLimitAndRemedy() {
    let refusals: [AdmissionRefusal] = [
      .queueFull(group: "g", count: 7, limit: 7), .waitedTooLong(group: "g", seconds: 7, limit: 5),
      .deadlinePassed(group: "g", seconds: 7.25, limit: 5),
      .memoryExceeded(owner: "g", byteCount: 7, limit: 5),
    ]
    for refusal in refusals {
      let text = "\(refusal)"
      #expect(text.contains("7") && text.contains("limit") && text.contains(": "), "\(text)")
    }
    #expect("\(refusals[2])".contains("7.250 s"))
  }

  @Test func groupsOutOfRangeAreRefused() {
    let wrong = [
      WorkloadGroup(name: ""), WorkloadGroup(name: "a", weight: 0),
      WorkloadGroup(name: "a", concurrencyMax: 0), WorkloadGroup(name: "a", queueCountMax: -1),
      WorkloadGroup(name: "a", queueSecondsMax: 0), WorkloadGroup(name: "a", memoryByteCountMax: 0),
    ]
    for group in wrong {
      #expect(throws: StorageError.self) { try AdmissionQueue<Int>([group]) }
    }
  }
}
