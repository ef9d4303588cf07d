import StorageBase

/// How fast the machine of a recorded run was at each moment: what each of its merges took, against
/// what merges of as many bytes took at that time of all.
///
/// A machine is slower for a while, when its disk or its processors have other things to do. A mean
/// hides that, and components do not grow evenly with it: what piles up in a long merge makes the
/// next one long.
public struct RecordedPace: Hashable, Sendable {
  struct Merge: Hashable, Sendable {
    /// When it was asked for, from the beginning of the trace.
    let startSeconds: Double
    /// From then until its output could be read, against what the costs say; a few times as much at
    /// most.
    let factor: Double
    /// What it took beyond that: it stood still, as a merge of any other size would have.
    let stallSeconds: Double
    /// From then on until its slot could be used again.
    let restSeconds: Double
  }

  /// More than this many times as long as usual a merge is not slow, but waits.
  static let factorMax = 3.0

  /// In the order of time.
  private let merges: [Merge]

  init(_ merges: [Merge]) { self.merges = merges.sorted { $0.startSeconds < $1.startSeconds } }

  /// That of the merge which was asked for at about this second; nil if there is none.
  func merge(at seconds: Double) -> Merge? {
    var (low, high) = (0, merges.count)
    while low < high {
      let middle = (low + high) / 2
      if merges[middle].startSeconds < seconds { low = middle + 1 } else { high = middle }
    }
    let after = low < merges.count ? merges[low] : nil
    guard low > 0 else { return after }
    let before = merges[low - 1]
    guard let after, after.startSeconds - seconds < seconds - before.startSeconds else {
      return before
    }
    return after
  }
}
