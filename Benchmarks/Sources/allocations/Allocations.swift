import CCallCounter
import Foundation
import MicroSuite

/// Counts what the hot loops allocate and retain, and compares with the file of thresholds.
///
///     allocations FILE [--update]
///
/// Ends with 1 when a case is above its threshold, and names those that are far below.
@main
struct Allocations {
  static func main() throws {
    exit(try run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Not in `main`, which is bound to the main actor.
  private nonisolated static func run(_ arguments: [String]) throws -> Int32 {
    guard let path = arguments.first, path != "--update", arguments.count <= 2 else {
      print("usage: allocations FILE [--update]")
      return 64
    }
    guard cc_is_supported() == 1 else {
      print("allocations: cannot be counted on this system")
      return 0
    }
    let measured = try MicroSuite.counted().map { counted in
      (name: counted.title, counts: try CallCounts(counted))
    }
    let lines = Thresholds.lines(measured)
    print(lines, terminator: "")
    if arguments.last == "--update" {
      try lines.write(toFile: path, atomically: true, encoding: .utf8)
      return 0
    }
    let thresholds = try Thresholds(text: String(contentsOfFile: path, encoding: .utf8))
    let problems = thresholds.problems(measured)
    for line in problems + thresholds.hints(measured) { print("allocations: \(line)") }
    return problems.isEmpty ? 0 : 1
  }
}
