import CKernels

/// The C kernels of one instruction set. Thread-safe: tables of function pointers.
///
/// Copy a table once per page, not per row; a call costs about a nanosecond.
public struct KernelTable: @unchecked Sendable {
  public let fields: ck_field_table
  public let filter: ck_filter_table
  public let aggregate: ck_aggregate_table
  public let arithmetic: ck_arithmetic_table
  public let group: ck_group_table
  public let text: ck_text_table

  /// What this process uses: the best the processor has, or what `SEDIMENT_SIMD` asks for.
  public static let current: KernelTable = {
    guard let table = KernelTable(level: ck_level()) else {
      preconditionFailure("the level in use is one of those the processor has")
    }
    return table
  }()

  /// The kernels of one level of `ck_level.h`, so that tests can compare levels; nil when this
  /// processor lacks it.
  public init?(level: Int32) {
    guard let fields = ck_field_at(level) else { return nil }
    self.fields = fields.pointee
    guard let filter = ck_filter_at(level), let aggregate = ck_aggregate_at(level),
      let arithmetic = ck_arithmetic_at(level), let group = ck_group_at(level),
      let text = ck_text_at(level)
    else { return nil }
    self.filter = filter.pointee
    self.aggregate = aggregate.pointee
    self.arithmetic = arithmetic.pointee
    self.group = group.pointee
    self.text = text.pointee
  }
}

extension KernelTable {
  /// The instruction set this process uses: "scalar", "avx2" or "avx512", as `SEDIMENT_SIMD` names
  /// them.
  public static var levelName: String {
    switch Int(ck_level()) {
    case CK_AVX512: "avx512"
    case CK_AVX2: "avx2"
    default: "scalar"
    }
  }
}
