/// How much smaller a merge makes data, because loads bring new values for keys that there are.
public enum KeyOverlap: Hashable, Sendable {
  /// Every load brings new keys.
  case none
  /// Keys are drawn from a space that holds this many bytes, each as likely as any other. Then a
  /// rowset of b bytes holds the share b/space of the keys, and a merge of several holds
  /// 1 - (1 - b₁/space)·(1 - b₂/space)·… of them, in expectation.
  case uniform(spaceByteCount: Int)

  /// Bytes of one rowset made of several.
  public func mergedByteCount(of sizes: [Int]) -> Int {
    let sum = sizes.reduce(0, +)
    guard case .uniform(let space) = self, space > 0 else { return sum }
    var missing = 1.0
    for size in sizes { missing *= 1 - min(1, Double(size) / Double(space)) }
    let merged = Int((Double(space) * (1 - missing)).rounded())
    // Rounding must not make a merge larger than its inputs or smaller than one of them.
    return max(min(merged, sum), sizes.max() ?? 0)
  }
}
