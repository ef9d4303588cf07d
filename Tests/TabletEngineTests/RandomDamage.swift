import Foundation
import StorageBase
import StorageIO

@testable import TabletEngine

/// Damage of stores at random places.
enum RandomDamage {
  /// The seeds of a test: SEDIMENT_DAMAGE_SEED alone, or SEDIMENT_SOAK_SEEDS of them.
  static func seeds(_ usual: UInt64) -> Range<UInt64> {
    func number(_ variable: String) -> UInt64? {
      ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }
    if let seed = number("SEDIMENT_DAMAGE_SEED") { return seed..<seed + 1 }
    return 0..<(number("SEDIMENT_SOAK_SEEDS") ?? usual)
  }

  /// Damages one file of the store in one way.
  /// - Parameter pathPart: the file has it in its path.
  /// - Returns: its path.
  static func add(
    to disk: MemoryFileSystem, pathPart: String = "", _ random: inout SeededGenerator
  ) throws -> String {
    let tree = try BackupTests.tree(disk, TestStore.path)
    let paths = tree.keys.filter { path in
      !path.hasSuffix("SEDIMENT") && tree[path] != [] && (pathPart == "" || path.contains(pathPart))
    }.sorted()
    let path = paths[Int(random.next() % UInt64(paths.count))]
    let byteCount = tree[path]?.count ?? 0
    switch random.next() % 8 {
    case 0: try disk.remove(path)
    case 1:
      let file = try disk.openForAppending(path, cause: .tool)
      try file.truncate(to: UInt64(random.next() % UInt64(byteCount)))
      try file.sync()
    default:
      try BackupTests.flip(
        disk, path, byte: Int(random.next() % UInt64(byteCount)), bit: Int(random.next() % 8))
    }
    return path
  }
}
