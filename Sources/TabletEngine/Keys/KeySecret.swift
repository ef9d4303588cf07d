import CKernels
import StorageBase

/// What whoever chooses keys must not know, so that no keys can be made whose codes are equal or
/// lie close together in a table: drawn when a store is opened, kept in memory only. Codes and
/// tables made under different secrets have nothing to do with each other. Immutable and
/// thread-safe.
package struct KeySecret: Sendable {
  let fingerprint: ck_key_secret
  let tableMask: UInt64
  /// Odd, so that multiplying by it can be undone.
  let tableFactor: UInt64
  /// Where shards begin their random sizes.
  let tableSeed: UInt64

  /// - Parameter random: seeded with what nobody outside can guess, but in a simulation.
  package init(using random: inout SeededGenerator) {
    func pair() -> (UInt64, UInt64) { (random.next() | 1, random.next() | 1) }
    fingerprint = ck_key_secret(start: pair(), value: pair(), null: pair(), text: pair())
    tableMask = random.next()
    tableFactor = random.next() | 1
    tableSeed = random.next()
  }
}
