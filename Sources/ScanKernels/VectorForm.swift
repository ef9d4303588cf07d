/// Which bodies of a `ColumnVector` a reader of pages takes.
public enum VectorForm: Sendable {
  /// `fixed`, `strings` and `coded`.
  case wide
  /// Those, and `offsets` and `byteCoded`, which cost less to decode and to scan.
  case narrow
}
