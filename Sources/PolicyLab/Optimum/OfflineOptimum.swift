import StorageBase

/// The cheapest way to merge a trace of loads that is known beforehand: what any policy can be
/// measured by, also where sizes differ and queries pay for components.
///
/// Let H(a, b) be the least cost of loads a to b if there was nothing before. One component is at
/// the bottom all the time; let s be the last load that rewrites it. What comes after s stands on
/// top of it, as if there were nothing below. So
///
///     H(a, b) = min over s of H(a, s-1) + write(a, s) + reads(s, b) + H(s+1, b)
///
/// where write(a, s) is the cost of making one component of loads a to s, and reads(s, b) that of
/// one component for the queries from s to b. With at most k components, what is above has at most
/// k - 1. Without reads, with loads of one size and merges from memory, it is `KBoundedOptimum`.
public enum OfflineOptimum {
  /// The longest trace that is solved exactly, with or without a limit of components: time grows
  /// with the third power and memory with the square of it, for each component of the limit.
  public static func loadCountMax(isBounded: Bool) -> Int { isBounded ? 512 : 1024 }

  /// The cheapest plan.
  /// - Parameter componentMax: most components after a load; nil for no limit.
  /// - Throws: `StorageError.limitExceeded` for a trace that is too long; `BeamSearch` has no
  ///   limit.
  /// - Complexity: n³/6 steps, times the limit of components.
  public static func plan(
    _ loads: [OfflineLoad], costs: OfflineCosts, componentMax: Int? = nil
  ) throws -> OfflinePlan {
    precondition(componentMax ?? 1 >= 1, "there is at least one component")
    // A limit that cannot be reached is none.
    let limit = componentMax.flatMap { $0 < loads.count ? $0 : nil }
    let most = loadCountMax(isBounded: limit != nil)
    guard loads.count <= most else {
      throw StorageError.limitExceeded(
        what: "the loads of a trace solved exactly", value: loads.count, limit: most,
        remedy: "shorten the trace, or search for a cheap plan with a beam")
    }
    let problem = OfflineProblem(loads, costs)
    var layers: [OfflineLayer] = []
    for height in 1...(limit ?? 1) {
      layers.append(
        OfflineLayer(
          problem,
          above: limit == nil ? .itself : height == 1 ? .nothing : .layer(layers[height - 2])))
    }
    var firstLoads = Array(loads.indices)
    var open = [(range: loads.indices, layer: layers.count - 1)]
    while let (range, layer) = open.popLast() {
      guard let first = range.first, let last = range.last else { continue }
      let rewrite = layers[layer].lastRewrite(first, last)
      firstLoads[rewrite] = first
      open.append((first..<rewrite, layer))
      open.append((rewrite + 1..<last + 1, limit == nil ? layer : layer - 1))
    }
    return OfflinePlan(firstLoads: firstLoads, of: loads, costs: costs)
  }
}

extension OfflineOptimum {
  /// The cost of the cheapest plan with at most `componentMax` components, without the plan.
  /// - Complexity: n³/6 steps for each of them.
  static func leastCost(_ problem: OfflineProblem, componentMax: Int) -> Double {
    guard problem.count > 0 else { return 0 }
    var layer = OfflineLayer(problem, above: .nothing)
    for _ in 1..<max(1, min(componentMax, problem.count)) {
      layer = OfflineLayer(problem, above: .layer(layer))
    }
    return layer.cost(0, problem.count - 1)
  }
}

/// Sums over ranges of loads.
struct OfflineProblem {
  let count: Int
  /// Cost of writing the loads before each.
  private let written: [Double]
  /// Cost of one component for the queries before each load.
  private let read: [Double]
  private let mergesFromMemory: Bool
  /// What the component of loads a to b costs to write, at [a·count + b], where it is not the sum;
  /// else empty.
  private let components: [Double]

  /// - Parameter componentBytes: of loads a to b at [a·n + b]; empty where they are sums.
  init(_ loads: [OfflineLoad], _ costs: OfflineCosts, componentBytes: [Double] = []) {
    precondition(
      componentBytes.isEmpty || componentBytes.count == loads.count * loads.count,
      "a component has bytes")
    count = loads.count
    components = componentBytes.map { $0 * costs.perByteWritten }
    var (bytes, queries) = ([0.0], [0.0])
    for load in loads {
      bytes.append(bytes[bytes.count - 1] + Double(load.byteCount))
      queries.append(queries[queries.count - 1] + load.queryCount)
    }
    written = bytes.map { $0 * costs.perByteWritten }
    read = queries.map { $0 * costs.perComponentRead }
    mergesFromMemory = costs.mergesFromMemory
  }

  /// Cost of the component of loads `first` to `last`, made when `last` comes.
  func write(_ first: Int, _ last: Int) -> Double {
    let merge =
      components.isEmpty
      ? written[last + 1] - written[first] : components[first * count + last]
    if first == last || mergesFromMemory { return merge }
    return merge + written[last + 1] - written[last]
  }

  /// s·log2(s) of the component of loads `first` to `last`, where s is what it costs to write.
  func order(_ first: Int, _ last: Int) -> Double {
    let size = written[last + 1] - written[first]
    return size > 0 ? size * binaryLogarithm(size) : 0
  }

  /// Cost of one component from load `first` until after load `last`.
  func reads(_ first: Int, _ last: Int) -> Double { read[last + 1] - read[first] }
}

/// H(a, b) for all ranges of loads and one limit of components.
struct OfflineLayer {
  /// What may stand on the bottom component.
  enum Above {
    case nothing
    /// Stacks with one component less.
    case layer(OfflineLayer)
    /// Stacks without a limit, as this one.
    case itself
  }

  private let count: Int
  /// Costs at [b·count + a].
  private var costByEnd: [Double]
  /// The last load that rewrites the bottom, at [a·count + b].
  private var rewrites: [UInt16]

  init(_ problem: OfflineProblem, above: Above) {
    count = problem.count
    costByEnd = [Double](repeating: 0, count: count * count)
    rewrites = [UInt16](repeating: 0, count: count * count)
    // Costs at [a·count + b], which the search runs along.
    var costByStart = costByEnd
    for length in 0..<count {
      for first in 0..<count - length {
        let last = first + length
        let best: (cost: Double, rewrite: Int)
        switch above {
        case .nothing:
          let below = length > 0 ? costByStart[first * count + last - 1] : 0
          best = (below + problem.write(first, last) + problem.reads(last, last), last)
        case .layer(let layer):
          best = Self.cheapest(first, last, problem, costByStart, layer.costByEnd)
        case .itself:
          best = Self.cheapest(first, last, problem, costByStart, costByEnd)
        }
        costByStart[first * count + last] = best.cost
        costByEnd[last * count + first] = best.cost
        rewrites[first * count + last] = UInt16(best.rewrite)
      }
    }
  }

  /// The least cost of loads `first` to `last`, and the last rewrite of the bottom that leads to
  /// it.
  private static func cheapest(
    _ first: Int, _ last: Int, _ problem: OfflineProblem, _ below: [Double], _ above: [Double]
  ) -> (cost: Double, rewrite: Int) {
    var best = (cost: Double.infinity, rewrite: last)
    let row = first * problem.count - 1
    let column = last * problem.count + 1
    for s in first...last {
      var cost = problem.write(first, s) + problem.reads(s, last)
      if s > first { cost += below[row + s] }
      if s < last { cost += above[column + s] }
      if cost < best.cost { best = (cost, s) }
    }
    return best
  }

  func cost(_ first: Int, _ last: Int) -> Double { costByEnd[last * count + first] }

  func lastRewrite(_ first: Int, _ last: Int) -> Int { Int(rewrites[first * count + last]) }
}
