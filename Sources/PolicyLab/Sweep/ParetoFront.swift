/// Which of several outcomes nobody would give up for another: the Pareto front.
public enum ParetoFront {
  /// Whether `a` is better than `b`: nowhere greater, and somewhere less. Smaller is better.
  public static func dominates(_ a: [Double], _ b: [Double]) -> Bool {
    precondition(a.count == b.count, "outcomes have the same measures")
    return zip(a, b).allSatisfy { $0 <= $1 } && a != b
  }

  /// For each outcome whether no other dominates it. Equal outcomes are in the front together.
  ///
  /// In lexicographic order nothing is dominated by what comes after it, and what is dominated at
  /// all is dominated by a member of the front, so each outcome is compared with those only.
  /// - Parameter outcomes: measures of each, as many for all, none of them NaN.
  /// - Complexity: n·log n and n times the size of the front.
  public static func members(of outcomes: [[Double]]) -> [Bool] {
    precondition(outcomes.allSatisfy { $0.allSatisfy { !$0.isNaN } }, "measures can be compared")
    var isMember = [Bool](repeating: false, count: outcomes.count)
    var front: [Int] = []
    let order = outcomes.indices.sorted { a, b in
      outcomes[a].lexicographicallyPrecedes(outcomes[b])
    }
    for place in order where !front.contains(where: { dominates(outcomes[$0], outcomes[place]) }) {
      front.append(place)
      isMember[place] = true
    }
    return isMember
  }
}
