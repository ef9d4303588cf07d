/// Why an operation was not let in, or not to its end: figure, limit and remedy.
public enum AdmissionRefusal: Error, Hashable, Sendable {
  /// As many operations as may wait in the group are waiting.
  case queueFull(group: String, count: Int, limit: Int)
  /// It has waited for its turn as long as operations of the group may.
  case waitedTooLong(group: String, seconds: Double, limit: Double)
  /// The time that the client gave was over before its turn came, or while it ran.
  case deadlinePassed(group: String, seconds: Double, limit: Double)
  /// It wants, or has come to want, more memory than there is for it. `owner` is who has the limit.
  case memoryExceeded(owner: String, byteCount: Int, limit: Int)
  /// Somebody has called it off.
  case cancelled(group: String)
}

extension AdmissionRefusal: CustomStringConvertible {
  public var description: String {
    switch self {
    case .queueFull(let group, let count, let limit):
      """
      \(count) operations wait in workload group \(group), the limit is \(limit): \
      send fewer at a time, or try again later
      """
    case .waitedTooLong(let group, let seconds, let limit):
      """
      an operation has waited \(Self.text(seconds)) s in workload group \(group), the limit is \
      \(Self.text(limit)) s: the machine is busy; try again later, or send less
      """
    case .deadlinePassed(let group, let seconds, let limit):
      """
      an operation of workload group \(group) was not done after \(Self.text(seconds)) s, the \
      limit its client gave is \(Self.text(limit)) s: give it more time, or ask for less
      """
    case .memoryExceeded(let owner, let byteCount, let limit):
      """
      \(owner) would hold \(byteCount) bytes of memory, the limit is \(limit): \
      ask for fewer rows or groups at a time, or raise the limit
      """
    case .cancelled(let group): "an operation of workload group \(group) was cancelled"
    }
  }

  /// Whole milliseconds.
  private static func text(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "\(seconds)" }
    let thousandths = Int64(min(max(seconds, 0), 1e12) * 1000 + 0.5)
    let fraction = String(1000 + thousandths % 1000).dropFirst()
    return "\(thousandths / 1000).\(fraction)"
  }
}
