import CCallCounter
import MicroSuite

/// Calls per unit of a counted case.
struct CallCounts: Equatable {
  var allocations: Double
  var retains: Double

  init(allocations: Double, retains: Double) {
    self.allocations = allocations
    self.retains = retains
  }

  /// Counts the second run of a case: the first fills what is made once.
  init(_ counted: MicroCase) throws {
    try counted.prepare()()
    let run = try counted.prepare()
    cc_start()
    defer { _ = cc_stop() }
    try run()
    let counts = cc_stop()
    let unitCount = Double(counted.valueCount)
    allocations = Double(counts.allocations) / unitCount
    retains = Double(counts.retains) / unitCount
  }
}
