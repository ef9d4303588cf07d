/// How many of some rows a condition can select, judged by zone maps alone.
public enum PruneVerdict: Hashable, Sendable {
  /// No row: nothing need be read.
  case none
  /// Not known: the rows must be looked at.
  case some
  /// Every row: the condition need not be evaluated.
  case all
}
