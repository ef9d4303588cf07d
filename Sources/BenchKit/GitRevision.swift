import Foundation

/// The revision of a checkout.
public struct GitRevision: Hashable, Sendable {
  /// Forty hexadecimal digits.
  public let revision: String
  /// Whether files under version control differ from it.
  public let isDirty: Bool

  public init(revision: String, isDirty: Bool) {
    self.revision = revision
    self.isDirty = isDirty
  }

  /// Twelve digits, with `-dirty` when the files differ: the `git_rev` of `summary.csv`.
  public var short: String { revision.prefix(12) + (isDirty ? "-dirty" : "") }

  /// Asks git; nil when there is no git or `path` is not in a checkout.
  public static func capture(at path: String) -> GitRevision? {
    guard let head = run(["rev-parse", "HEAD"], at: path), head.utf8.count >= 40 else {
      return nil
    }
    // The status of a checkout with a commit fails only if git itself does.
    let changes = run(["status", "--porcelain", "--untracked-files=no"], at: path)
    return GitRevision(revision: head, isDirty: changes != "")
  }

  private static func run(_ arguments: [String], at path: String) -> String? {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", path] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
