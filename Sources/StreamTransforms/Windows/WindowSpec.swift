import StorageBase

/// Which windows the rows of a stream fall into, and what is computed of each. Times are
/// microseconds.
///
/// The model is that of "The Dataflow Model" (Akidau et al., VLDB 2015): a row belongs to windows
/// by its event time, a watermark says how far event time has come, and what comes later than
/// allowed goes to a side output.
public struct WindowSpec: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// `[n·size, (n+1)·size)`, each row in one.
    case tumbling(size: Int64)
    /// `[n·slide, n·slide + size)`, each row in up to size / slide.
    case sliding(size: Int64, slide: Int64)
    /// The rows of one key that follow each other in less than the gap. A session begins with its
    /// first row and ends a gap after its last one.
    case session(gap: Int64)
  }

  /// When the result of a window goes out.
  public enum Emit: String, Hashable, Sendable, CaseIterable {
    /// When the watermark has passed its end, and again when rows that were late, but not too late,
    /// change it.
    case onClose = "on-close"
    /// Whenever it has changed since the last advance.
    case changes
  }

  public var kind: Kind
  /// The column with the event time; a datetime.
  public var time: String
  /// Windows of each combination of their values; none for windows over all rows.
  public var keys: [String]
  public var aggregates: [WindowAggregate]
  /// How much earlier than the latest row of a partition a row may be without being late.
  public var delay: Int64
  /// How long after the watermark has passed its end a window still takes rows.
  public var allowedLateness: Int64
  public var emit: Emit

  public init(
    kind: Kind, time: String, keys: [String] = [], aggregates: [WindowAggregate],
    delay: Int64 = 0, allowedLateness: Int64 = 0, emit: Emit = .onClose
  ) {
    self.kind = kind
    self.time = time
    self.keys = keys
    self.aggregates = aggregates
    self.delay = delay
    self.allowedLateness = allowedLateness
    self.emit = emit
  }
}

/// One figure of a window. All ignore nulls; over no value a count is 0 and the others are null.
public struct WindowAggregate: Hashable, Sendable {
  public enum Function: String, Hashable, Sendable, CaseIterable {
    /// Of rows without a column, else of its values.
    case count
    /// Exact whatever the order of rows: a decimal of 38 digits with the column's scale, or for
    /// floating-point columns the double nearest to the exact sum.
    case sum
    case min
    case max
    /// A double: the sum divided by the count.
    case average = "avg"
    /// Exact; takes memory for each distinct value of each open window.
    case countDistinct = "count_distinct"
  }

  public var function: Function
  public var column: String?
  /// The column of the result.
  public var name: String

  public init(_ function: Function, _ column: String? = nil, as name: String) {
    self.function = function
    self.column = column
    self.name = name
  }
}
