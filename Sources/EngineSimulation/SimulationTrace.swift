/// What a simulation did: equal for equal seeds, on every machine and in every process.
public struct SimulationTrace: Hashable, Sendable {
  /// Of all events, in their order.
  public private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  /// How often each thing happened.
  public private(set) var counts: [String: Int] = [:]
  /// The events themselves, when asked for.
  public private(set) var events: [String]?

  init(keepsEvents: Bool) { events = keepsEvents ? [] : nil }

  /// Takes down that `kind` happened.
  mutating func note(_ kind: String, _ detail: String = "") {
    for byte in kind.utf8 { mix(byte) }
    for byte in detail.utf8 { mix(byte) }
    mix(10)
    counts[kind, default: 0] += 1
    events?.append(detail.isEmpty ? kind : "\(kind): \(detail)")
  }

  /// Tells the reader of the events more.
  mutating func remark(_ text: @autoclosure () -> String) { events?.append("  " + text()) }

  mutating func count(_ kind: String, _ number: Int) {
    if number != 0 { counts[kind, default: 0] += number }
  }

  private mutating func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
