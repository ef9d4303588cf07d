import CompactionPolicies
import Foundation
import Testing

/// Expected decisions, one text file per policy. `REWRITE=1` writes the current answers into the
/// files instead of comparing them; read the difference before keeping it.
@Suite struct DecisionTests {
  @Test(arguments: PolicyCatalogue.shipped.entries.map(\.name))
  func decisionsAreAsWritten(policy: String) throws {
    let source = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "TestData/\(policy).txt")
    let written = try String(contentsOf: source, encoding: .utf8)
    let answered = try DecisionScript.answered(written)
    if ProcessInfo.processInfo.environment["REWRITE"] == "1" {
      try answered.write(to: source, atomically: true, encoding: .utf8)
      return
    }
    let pairs = zip(
      answered.split(separator: "\n", omittingEmptySubsequences: false),
      written.split(separator: "\n", omittingEmptySubsequences: false))
    for (line, (found, expected)) in pairs.enumerated() where found != expected {
      Issue.record("\(policy).txt:\(line + 1): expected \"\(expected)\", found \"\(found)\"")
      return
    }
    #expect(answered == written)
    #expect(written.contains("\n=> "), "\(policy).txt asks nothing")
  }
}
