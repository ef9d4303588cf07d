import ConfigReading
import ScanKernels
import StorageBase

/// One step of a chain as a person describes it, before it is fitted to columns.
public struct TransformStep: Hashable, Sendable {
  /// Names the step in counters and dead letters.
  public var name: String
  public var transform: Transform
  /// Where it was read; nil for one made in Swift.
  public var place: ConfigPlace?

  public init(_ name: String, _ transform: Transform, place: ConfigPlace? = nil) {
    self.name = name
    self.transform = transform
    self.place = place
  }
}

public enum Transform: Hashable, Sendable {
  /// Columns get the names, types and forms they shall have; others stay.
  case standardise([FieldStandard])
  /// Rules that rows must keep, one after the other.
  case clean([CleaningRule])
  case mask([MaskingRule])
  /// New columns, or present ones replaced; each may use those before it.
  case compute([ComputedColumn])
  /// Rows for which the condition is true stay.
  case filter(RowExpression)
  case lookup(LookupJoin)
  /// These columns, in this order; the others go.
  case select([String])
}

/// A column computed from others of its row.
public struct ComputedColumn: Hashable, Sendable {
  public var name: String
  public var expression: RowExpression

  public init(_ name: String, _ expression: RowExpression) {
    self.name = name
    self.expression = expression
  }
}

/// What steps need from outside, by the names that they use for it.
public struct TransformResources: Sendable {
  /// Tables that lookups read.
  public var dimensions: [String: any DimensionLookup]
  /// Secrets of keyed hashes; at least 16 bytes each.
  public var keys: [String: [UInt8]]
  public var ciphers: [String: any ValueCipher]

  public init(
    dimensions: [String: any DimensionLookup] = [:], keys: [String: [UInt8]] = [:],
    ciphers: [String: any ValueCipher] = [:]
  ) {
    self.dimensions = dimensions
    self.keys = keys
    self.ciphers = ciphers
  }
}
