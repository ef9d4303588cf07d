/// The numbers of loads for which plans are made: every one at first, then ever sparser ones. A
/// merge in the near future is planned to the load, one in the far future to a fifth of the way.
struct PlanningGrid: Sendable {
  /// Rising, from 0.
  let points: [Double]
  /// For each pair of points, `later` after `earlier` in a triangle, where the difference between
  /// them lies: between `points[place]` and the next one, a share of the way.
  private let differences: [Position]
  /// For each point from the second on, where the load before it lies.
  private let predecessors: [Position]

  struct Position {
    let place: Int
    let share: Double
  }

  /// Reaches to a million loads and more.
  static let standard = PlanningGrid(denseCount: 8, ratio: 1.3, limit: 1 << 22)

  init(denseCount: Int, ratio: Double, limit: Int) {
    var points = (0...denseCount).map(Double.init)
    while let last = points.last, last < Double(limit) {
      points.append(max(last + 1, (last * ratio).rounded()))
    }
    self.points = points
    func position(_ value: Double) -> Position {
      let place = max(0, min(points.count - 2, (points.firstIndex { $0 > value } ?? 1) - 1))
      return Position(
        place: place, share: (value - points[place]) / (points[place + 1] - points[place]))
    }
    predecessors = points.dropFirst().map { position($0 - 1) }
    differences = points.indices.flatMap { later in
      (0...later).map { position(points[later] - points[$0]) }
    }
  }

  /// How many points there are up to a horizon of that many loads; at least two.
  func count(upTo loads: Int) -> Int {
    max(2, points.firstIndex { $0 > Double(loads) } ?? points.count)
  }

  /// The value of a function, known at the points, at the difference of two points.
  @inline(__always)
  func value(_ function: [Double], from earlier: Int, to later: Int) -> Double {
    value(function, differences[later * (later + 1) / 2 + earlier])
  }

  /// The value one load before a point, which is not the first.
  @inline(__always)
  func value(_ function: [Double], before point: Int) -> Double {
    value(function, predecessors[point - 1])
  }

  /// Whether the load before a point lies at a point or after the last but one before it, so that
  /// its value is known when that of the point is not.
  func hasExactPredecessor(_ point: Int) -> Bool { predecessors[point - 1].share == 0 }

  /// The last point that is not after the load before a point.
  func placeBefore(_ point: Int) -> Int { predecessors[point - 1].place }

  @inline(__always)
  private func value(_ function: [Double], _ position: Position) -> Double {
    let low = function[position.place]
    guard position.share > 0 else { return low }
    return low + (function[position.place + 1] - low) * position.share
  }
}
