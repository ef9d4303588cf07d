/// `unknown policy "gradien": did you mean gradient? Known: full, gradient, ...`
func unknownNameMessage(kind: String, name: String, known: [String]) -> String {
  var message = "unknown \(kind) \"\(name)\""
  guard !known.isEmpty else { return message }
  if let nearest = nearestName(to: name, in: known) {
    message += ": did you mean \(nearest)?"
  } else {
    message += "."
  }
  return message + " Known: " + known.joined(separator: ", ")
}

/// The candidate with the least edit distance to `name`, if it is near enough to be a slip of the
/// keyboard: at most a third of the longer name, and at least 2 edits are always allowed.
public func nearestName(to name: String, in candidates: [String]) -> String? {
  let ranked = candidates.map { (name: $0, distance: editDistance(name, $0)) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(2, max(name.count, best.name.count) / 3) ? best.name : nil
}

/// Levenshtein distance; O(a·b) time, O(b) space.
private func editDistance(_ a: String, _ b: String) -> Int {
  let target = Array(b.utf8)
  var previous = Array(0...target.count)
  for (i, byte) in a.utf8.enumerated() {
    var current = [i + 1]
    for (j, other) in target.enumerated() {
      current.append(
        min(previous[j] + (byte == other ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
    }
    previous = current
  }
  return previous[target.count]
}
