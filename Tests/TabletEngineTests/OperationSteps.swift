import Foundation

/// Which operations of a workload are failed, one in each run. With SEDIMENT_SOAK_SEEDS in the
/// environment it is every one; otherwise some are left out, others in each test.
struct OperationSteps {
  let step: Int
  private let offset: Int

  /// - Parameter test: tells tests apart that fail the same workload.
  init(every step: Int, test: Int) {
    let isThorough = ProcessInfo.processInfo.environment["SEDIMENT_SOAK_SEEDS"] != nil
    self.step = isThorough ? 1 : step
    offset = test % self.step
  }

  var numbers: StrideThrough<Int> { stride(from: offset, through: .max, by: step) }
}
