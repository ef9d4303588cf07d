/// What publishing the rows of a load in one tablet takes, found by whoever loads them.
struct PartKeys: Sendable {
  /// By segment.
  var segments: [SegmentKeys?] = []
  /// By delta.
  var deltas: [SoughtKeys] = []
}
