import Synchronization

/// Counts the bytes that somebody holds against a limit, and against those of whom it belongs to:
/// an operation, its workload group, the process (the memory trackers of Apache Doris).
///
/// What is accounted for is what grows with data: hash tables, results, buffers of loads. Bytes are
/// asked for before they are allocated, in steps of some size, not value by value. Thread-safe.
public final class MemoryTracker: Sendable {
  private struct State {
    var byteCount = 0
    var peakByteCount = 0
  }

  public let name: String
  public let byteCountMax: Int
  private let parent: MemoryTracker?
  private let state = Mutex(State())

  /// - Parameters:
  ///   - name: for errors.
  ///   - byteCountMax: that it may hold.
  ///   - parent: whose bytes these are as well.
  public init(_ name: String, byteCountMax: Int = .max, parent: MemoryTracker? = nil) {
    self.name = name
    self.byteCountMax = byteCountMax
    self.parent = parent
  }

  /// Whatever is held still is given back.
  deinit { parent?.release(byteCount) }

  public var byteCount: Int { state.withLock { $0.byteCount } }
  /// The most that was held at once.
  public var peakByteCount: Int { state.withLock { $0.peakByteCount } }

  /// Takes so many bytes more.
  /// - Throws: `AdmissionRefusal.memoryExceeded` naming whose limit it was; nothing is taken then.
  public func consume(_ count: Int) throws(AdmissionRefusal) {
    precondition(count >= 0)
    let sum = state.withLock { state -> Int? in
      let (sum, isOverflow) = state.byteCount.addingReportingOverflow(count)
      guard !isOverflow, sum <= byteCountMax else { return isOverflow ? .max : sum }
      state.byteCount = sum
      state.peakByteCount = max(state.peakByteCount, sum)
      return nil
    }
    if let sum { throw .memoryExceeded(owner: name, byteCount: sum, limit: byteCountMax) }
    guard let parent else { return }
    do {
      try parent.consume(count)
    } catch {
      giveBack(count)
      throw error
    }
  }

  /// Holds `count` bytes from now on, whatever it was before.
  public func setByteCount(_ count: Int) throws(AdmissionRefusal) {
    let held = byteCount
    if count > held { try consume(count - held) } else { release(held - count) }
  }

  public func release(_ count: Int) {
    giveBack(count)
    parent?.release(count)
  }

  private func giveBack(_ count: Int) {
    state.withLock { state in
      precondition(count >= 0 && count <= state.byteCount, "more is given back than is held")
      state.byteCount -= count
    }
  }
}
