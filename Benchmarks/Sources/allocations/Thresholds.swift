import Foundation
import MicroSuite

/// The file of thresholds: a line per case, which says how many calls a unit may make. It only
/// ever goes down, or a commit says why not.
struct Thresholds {
  private var limits: [String: CallCounts] = [:]

  /// What a case may exceed its limit by: counts that depend on how a hash table or an array grows
  /// move a little between compilers.
  private static let tolerance = 0.05
  /// Below this share of its limit a case asks for a lower one.
  private static let slack = 0.9

  struct Malformed: Error, CustomStringConvertible {
    let description: String
  }

  init(text: String) throws {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(separator: "|").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard fields.count == 3, let allocations = Double(fields[1]), let retains = Double(fields[2])
      else {
        throw Malformed(description: "not of the form name | allocations | retains: \(line)")
      }
      limits[fields[0]] = CallCounts(allocations: allocations, retains: retains)
    }
  }

  /// What is wrong with these counts, in words; empty when nothing is.
  func problems(_ measured: [(name: String, counts: CallCounts)]) -> [String] {
    var problems: [String] = []
    for (name, counts) in measured {
      guard let limit = limits[name] else {
        problems.append("\(name) has no threshold")
        continue
      }
      let figures = [
        ("allocations", counts.allocations, limit.allocations),
        ("retains", counts.retains, limit.retains),
      ]
      for (what, found, most) in figures {
        if found > most * (1 + Self.tolerance) + 0.01 {
          problems.append("\(name): \(Self.text(found)) \(what), at most \(Self.text(most))")
        }
      }
    }
    for name in limits.keys.sorted() where !measured.contains(where: { $0.name == name }) {
      problems.append("\(name) has a threshold but is not measured")
    }
    return problems
  }

  /// The cases whose thresholds can be lowered, in words.
  func hints(_ measured: [(name: String, counts: CallCounts)]) -> [String] {
    measured.compactMap { name, counts in
      guard let limit = limits[name],
        counts.allocations < limit.allocations * Self.slack - 0.01
          || counts.retains < limit.retains * Self.slack - 0.01
      else { return nil }
      return "\(name) is below its threshold: --update lowers it"
    }
  }

  static func lines(_ measured: [(name: String, counts: CallCounts)]) -> String {
    let head = """
      # Calls that one unit makes, release build: `./dev allocations` compares, with --update it
      # writes. What is counted before the colon is the unit.
      # unit: case | allocations | retains

      """
    return head
      + measured.map { name, counts in
        "\(name) | \(text(counts.allocations)) | \(text(counts.retains))\n"
      }.joined()
  }

  private static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}
