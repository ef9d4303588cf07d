import Foundation
import StorageBase
import Testing

@testable import StreamDriver

/// The example with every key has every key, and runs.
struct PipelineKeysTests {
  private func example() throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try String(
      contentsOf: root.appendingPathComponent("examples/every-key.yaml"), encoding: .utf8)
  }

  /// The keys that a place in a file may have, as the complaint about another one tells them.
  private func keys(_ yaml: String) throws -> [String] {
    do {
      _ = try PipelineSpec(yaml: yaml, path: "p.yaml")
      return []
    } catch {
      let text = "\(error)".replacing("\n", with: "; ")
      let told = try #require(text.firstMatch(of: /unknown key zzzzzzzz; known: ([^;]*)/))
      return told.1.split(separator: ", ").map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  @Test(arguments: [
    ("zzzzzzzz: 1", 10), ("source: {zzzzzzzz: 1}", 10), ("tables: {zzzzzzzz: 1}", 8),
    ("tables: {partial: {zzzzzzzz: 1}}", 2), ("windows: {zzzzzzzz: 1}", 3),
    ("windows: {window: {zzzzzzzz: 1}}", 8), ("checkpoint: {zzzzzzzz: 1}", 2),
    ("delivery: {batch: {zzzzzzzz: 1}}", 3), ("secrets: {a: {zzzzzzzz: 1}}", 2),
    ("dashboard: [{zzzzzzzz: 1}]", 2), ("schema_changes: {zzzzzzzz: 1}", 4),
    ("transforms: [{zzzzzzzz: 1}]", 7), ("transforms: [{lookup: {zzzzzzzz: 1}}]", 7),
    ("transforms: [{standardise: [{zzzzzzzz: 1}]}]", 8),
  ])
  func everyKeyIsThere(yaml: String, count: Int) throws {
    let text = try example()
    let keys = try keys(yaml)
    #expect(keys.count >= count, "\(keys)")
    for key in keys {
      let isThere = text.contains(try Regex("(?m)(^|[ {#\"])\(key)\"?:"))
      #expect(isThere, "\(key) of \(yaml) is not explained")
    }
  }

  @Test func theExampleRuns() throws {
    let machine = try StreamMachine()
    let text = try example().replacing("rows: 10000 ", with: "rows: 300 ")
      .replacing("  rate: 5000 ", with: "  # rate: 5000 ")
    try machine.finish(text)
    let orders = try machine.rows("SELECT count(*) FROM orders")
    guard case .integer(let count)? = orders.first?.first else { return #expect(orders.isEmpty) }
    #expect(count > 100 && count <= 300)
    #expect(!(try machine.rows("SELECT pieces FROM sales")).isEmpty)
  }
}
