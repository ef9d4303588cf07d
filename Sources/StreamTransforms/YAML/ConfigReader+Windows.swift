import ConfigReading
import StorageBase
import Yams

extension ConfigReader {
  /// Reads windows:
  ///
  /// ```yaml
  /// tumbling: 1m                       # or sliding: {size: 5m, slide: 1m}, or session: 30m
  /// time: at
  /// keys: [city]
  /// aggregates: {revenue: sum(price), orders: count, users: count_distinct(user_id)}
  /// delay: 5s                          # how much out of order rows come
  /// lateness: 1m                       # how long windows take rows after their end
  /// emit: on-close                     # or changes
  /// ```
  ///
  /// Functions are those of `WindowAggregate.Function`.
  public mutating func window(_ node: Node?) -> WindowSpec? {
    guard let node else { return nil }
    let kinds = ["tumbling", "sliding", "session"]
    let others = ["time", "keys", "aggregates", "delay", "lateness", "emit"]
    guard let keys = members(of: node, among: kinds + others) else { return nil }
    let present = kinds.filter { keys[$0] != nil }
    if present.count != 1 { complain(node, "windows are one of \(kinds.joined(separator: ", "))") }
    if keys["time"] == nil { complain(node, "windows need time, the column with the event time") }
    let aggregates = aggregates(keys["aggregates"], node)
    let span = 0...WindowPlan.spanMax
    let delay = duration(keys["delay"], "delay", in: span) ?? 0
    let lateness = duration(keys["lateness"], "lateness", in: span) ?? 0
    let emit: WindowSpec.Emit = choice(keys["emit"], "emit") ?? .onClose
    let names = texts(keys["keys"], "keys") ?? []
    let time = text(keys["time"], "time")
    guard present.count == 1, let kind = kind(present[0], keys[present[0]]), let time else {
      return nil
    }
    return WindowSpec(
      kind: kind, time: time, keys: names, aggregates: aggregates, delay: delay,
      allowedLateness: lateness, emit: emit)
  }

  private mutating func kind(_ name: String, _ node: Node?) -> WindowSpec.Kind? {
    let span = 1...WindowPlan.spanMax
    switch name {
    case "tumbling": return duration(node, name, in: span).map { .tumbling(size: $0) }
    case "session": return duration(node, name, in: span).map { .session(gap: $0) }
    default:
      guard let node, let keys = members(of: node, among: ["size", "slide"]) else { return nil }
      for key in ["size", "slide"] where keys[key] == nil { complain(node, "sliding needs \(key)") }
      guard let size = duration(keys["size"], "size", in: span),
        let slide = duration(keys["slide"], "slide", in: span)
      else { return nil }
      return .sliding(size: size, slide: slide)
    }
  }

  private mutating func aggregates(_ node: Node?, _ window: Node) -> [WindowAggregate] {
    guard let mapping = node?.mapping, !mapping.isEmpty else {
      complain(node ?? window, "aggregates must be names with figures, such as {orders: count}")
      return []
    }
    var aggregates: [WindowAggregate] = []
    for (key, value) in mapping {
      guard let name = text(key, "a name"), let text = text(value, name) else { continue }
      if let aggregate = aggregate(text, as: name) {
        aggregates.append(aggregate)
      } else {
        let known = WindowAggregate.Function.allCases.map(\.rawValue)
        complain(
          value,
          "\(name) is \(shown(value)); expected count, or one of \(known.joined(separator: ", ")) "
            + "of a column, such as sum(price)")
      }
    }
    return aggregates
  }

  /// `function(column)`, `count` or `count(*)`.
  private func aggregate(_ text: String, as name: String) -> WindowAggregate? {
    let parts = text.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
    let head = parts[0].filter { $0 != " " }.lowercased()
    guard let function = WindowAggregate.Function(rawValue: head) else { return nil }
    guard parts.count == 2 else {
      return function == .count ? WindowAggregate(.count, as: name) : nil
    }
    guard parts[1].last == ")" else { return nil }
    let column = parts[1].dropLast().trimmingPrefix { $0 == " " }
    let trimmed = String(column.reversed().drop { $0 == " " }.reversed())
    if trimmed == "*", function == .count { return WindowAggregate(.count, as: name) }
    return trimmed.isEmpty ? nil : WindowAggregate(function, trimmed, as: name)
  }
}
