/// All cases. Data is made from fixed seeds when a case is prepared for the first time, so a run
/// of a few cases does not wait for the data of all.
public enum MicroSuite {
  /// The cases of the ceilings, each named by its raw value.
  public static func ceilings() -> [MicroCase] { CeilingCases.all() }

  /// - Throws: `StorageError` when the data cannot be made.
  public static func cases() throws -> [MicroCase] {
    var cases = try EncodingCases.all()
    cases += KernelCases.all()
    cases += try ScanCases.all()
    cases += try TwoThreadCases.all()
    cases += try PackedCases.all()
    cases += try GroupCases.all()
    cases += try HashCases.all()
    cases += try TextCases.all()
    cases += try IngestCases.all()
    cases += try StoreCases.all()
    cases += try WideCases.all()
    cases += try RowCases.all()
    cases += try PolicyCases.all()
    cases += try StreamCases.all()
    return cases
  }

  /// What is counted rather than timed; the values of each case are the units of its counts.
  /// - Throws: as `cases`.
  public static func counted() throws -> [MicroCase] { try CountedCases.all() }
}
