/// Which tablets loads go to, and what they are made of.
public enum LoadPlacement: Hashable, Sendable {
  /// To one tablet after the other; a load is one sorted segment.
  case inTurn
  /// As recorded; from the start again after the last.
  case trace([PlacedLoad])

  /// The place of a load, by its number from 0 on.
  func place(of number: Int, tabletCount: Int) -> PlacedLoad {
    guard case .trace(let loads) = self, !loads.isEmpty else {
      return PlacedLoad(tablet: number % tabletCount)
    }
    return loads[number % loads.count]
  }
}

/// Where a load goes, and what it is made of beside its bytes.
public struct PlacedLoad: Hashable, Sendable {
  /// Its number, below the number of tablets.
  public var tablet: Int
  public var rowCount: Int
  /// With 2 or more they overlap, with 0 the load holds no rows.
  public var segmentCount: Int

  public init(tablet: Int, rowCount: Int = 0, segmentCount: Int = 1) {
    self.tablet = tablet
    self.rowCount = rowCount
    self.segmentCount = segmentCount
  }
}
