import ScanKernels
import StorageBase

/// The rows of some keys. Immutable.
public struct LookupResult: Sendable {
  /// By key, in the order they were asked for: whether it has a row.
  public let found: Bitmap
  /// How many keys have one.
  public let rowCount: Int
  /// The columns asked for: the rows of the keys that have one, in the order of the keys.
  public let columns: [ColumnVector]
}
