import StorageBase

/// `name` or `name:key=value,key=value`, taken apart.
struct PolicySpec {
  let name: String
  let assignments: [String: String]

  /// - Parameter kind: what is asked for, for errors.
  /// - Throws: `StorageError.invalidArgument` for what is not of this form.
  init(_ text: String, of kind: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    var assignments: [String: String] = [:]
    let list =
      parts.count == 2 ? parts[1].split(separator: ",", omittingEmptySubsequences: false) : []
    for pair in list {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty else {
        throw StorageError.invalidArgument(
          name: kind, value: text,
          reason: "\"\(pair)\" is not of the form key=value; write name:key=value,key=value")
      }
      guard assignments.updateValue(String(sides[1]), forKey: String(sides[0])) == nil else {
        throw StorageError.invalidArgument(
          name: kind, value: text, reason: "\(sides[0]) is given twice")
      }
    }
    self.assignments = assignments
  }
}
