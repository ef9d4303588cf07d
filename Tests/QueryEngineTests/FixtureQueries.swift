import Foundation
import Testing

/// A query of `queries.sql`, and what SQLite answers.
struct FixtureQuery: CustomTestStringConvertible {
  let name: String
  let statement: String
  /// Of each column: text, bool, float, or the digits after the point.
  let types: [String]
  let expected: [[String]]

  var testDescription: String { name }

  static let all: [FixtureQuery] = {
    let text = try! String(
      contentsOf: FixtureTable.folder.appending(path: "queries.sql"), encoding: .utf8)
    return text.components(separatedBy: "-- name: ").dropFirst().map { block in
      let lines = block.components(separatedBy: "\n")
      let statement = lines.dropFirst(2).prefix { !$0.hasPrefix("-- sqlite:") }
      let answer = try! String(
        contentsOf: FixtureTable.folder.appending(path: "expected/\(lines[0]).csv"),
        encoding: .utf8)
      let records = CSVText.records(answer)
      precondition(lines[1] == "-- types: " + records[0].joined(separator: " "))
      return FixtureQuery(
        name: lines[0], statement: statement.joined(separator: "\n"), types: records[0],
        expected: Array(records.dropFirst()))
    }
  }()
}
