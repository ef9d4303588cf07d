import BenchKit
import CompactionPolicies
import PolicyLab
import StorageBase
import Testing

@testable import Studies

@Suite struct FigureTests {
  /// Each small, so that a test does not take the time of the real one.
  private static let figures: [any Figure] = [
    WriteCostFigure(flushCount: 48), GradientCliffFigure(flushCount: 130),
    UniversalLimitFigure(flushCount: 64), CollapsedCascadesFigure(flushCount: 128),
    StallsFigure(loadCount: 120, specs: ["tiered"]), VersionsOverTimeFigure(loadCount: 60),
    AdaptiveFigure(loadCount: 60, specs: ["tiered:t=4", "none"]),
  ]

  @Test func everyFigureMakesTheSameFilesAgain() throws {
    #expect(Set(Self.figures.map(\.name)).count == Self.figures.count)
    for figure in Self.figures {
      let files = try figure.files { _ in }
      #expect(try figure.files { _ in } == files)
      for file in files {
        #expect(file.name.hasPrefix(figure.name) && file.name.hasSuffix(".csv"))
        let table = CSVTable(text: file.text)
        #expect(!table.rows.isEmpty)
        #expect(file.text.count { $0 == "\n" } == table.rows.count + 1, "lines that were left out")
      }
    }
  }

  @Test func aFigureCanBeEnded() {
    struct Enough: Error {}
    for figure in Self.figures {
      #expect(throws: Enough.self) { try figure.files { _ in throw Enough() } }
    }
  }

  /// A price for components and bytes at which a policy is cheaper than the optimum would prove
  /// one of the two wrong.
  @Test func noPolicyIsBelowTheFrontier() throws {
    let count = 64
    let figure = WriteCostFigure(flushCount: count)
    let rows = try #require(try figure.files { _ in }.first.map { CSVTable(text: $0.text) })
    let plans = try WriteCostFigure.prices.map { ($0, try figure.optimum(price: $0)) }
    for row in rows.rows where rows.field("kind", of: row) == "policy" {
      let written = (rows.number("write_amp", of: row) ?? 0) * Double(count << 20)
      let kept = (rows.number("components_mean", of: row) ?? 0) * Double(count)
      for (price, plan) in plans {
        // Fields have nine digits.
        #expect(
          plan.cost <= (written + price * kept) * (1 + 1e-7), "\(row) at the price \(price)")
      }
    }
    let optima = rows.rows.filter { rows.field("kind", of: $0) == "optimum" }
    #expect(optima.count > 5)
    for (cheaper, dearer) in zip(optima, optima.dropFirst()) {
      #expect(rows.number("write_amp", of: cheaper)! < rows.number("write_amp", of: dearer)!)
      #expect(
        rows.number("components_mean", of: cheaper)! > rows.number("components_mean", of: dearer)!)
    }
  }

  /// One merge for each carry has the components of many, and the writes of its closed form.
  @Test func collapsedCascadesKeepComponentsAndWriteLess() throws {
    let table = CSVTable(text: try CollapsedCascadesFigure(flushCount: 256).files { _ in }[0].text)
    for ratio in CollapsedCascadesFigure.ratios {
      let rows = table.rows.filter { table.field("rowsets_per_merge", of: $0) == "\(ratio)" }
      let plain = rows.filter { table.field("collapsed", of: $0) == "false" }
      let collapsed = rows.filter { table.field("collapsed", of: $0) == "true" }
      #expect(plain.count == collapsed.count && plain.count > 10)
      for (one, other) in zip(plain, collapsed) {
        #expect(
          table.field("components_mean", of: one) == table.field("components_mean", of: other))
        #expect(table.number("write_amp", of: one)! >= table.number("write_amp", of: other)!)
      }
    }
    let last = table.rows.first {
      table.field("policy_spec", of: $0) == "collapsed" && table.field("flushes", of: $0) == "256"
    }
    // 1 + (e+1)/2 at 2^e flushes.
    #expect(table.number("write_amp", of: try #require(last)) == 5.5)
  }

  @Test func theGridHasTwoPointsForEachDoubling() {
    let points = (1...100).filter(\.isOnLogarithmicGrid)
    #expect(points == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96])
  }
}
