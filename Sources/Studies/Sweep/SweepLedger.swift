import BenchKit
import PolicyLab

/// The rows that a sweep has, by what they were made of: what has been run is not run again.
public struct SweepLedger: Sendable {
  /// The file that rows are appended to as they come. `sweep.csv` is made of it.
  public static let fileName = "sweep-rows.csv"

  private var rows: [[String]: [String]] = [:]
  private static let header = CSVTable(text: SweepRow.header + "\n").header

  public init() {}

  /// Takes the rows of a ledger or of a `sweep.csv` that was written before.
  /// - Returns: false, without having taken any, if the columns are not those of today.
  public mutating func take(_ text: String) -> Bool {
    let table = CSVTable(text: text)
    guard table.header == Self.header else { return false }
    let places = SweepPoint.keyColumns.compactMap { table.place(of: $0) }
    for row in table.rows { rows[places.map { row[$0] }] = row }
    return true
  }

  /// Takes a row that has just come.
  public mutating func take(_ row: SweepRow) {
    _ = take(SweepRow.header + "\n" + row.line + "\n")
  }

  public var count: Int { rows.count }

  public func has(_ point: SweepPoint) -> Bool { rows[point.key] != nil }

  /// All rows, as a file to begin the next session with; in an order that depends on them alone.
  public var text: String {
    let sorted = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    return CSVTable(header: Self.header, rows: sorted).text
  }

  /// The rows of these points, in their order, with the front marked in each group of rows that
  /// have all in common but policy and scheduler. Points that have not been run are left out.
  public func result(of points: [SweepPoint]) -> CSVTable {
    let table = CSVTable(header: Self.header, rows: points.compactMap { rows[$0.key] })
    return Self.marked(table)
  }

  /// What is chosen: the policy, and the scheduler with it.
  private static let chosenColumns: Set = ["policy_spec", "scheduler_spec"]
  /// Smaller is better. Measures that a model has not are left out of the comparison.
  static let measures = ["write_amp", "components_mean", "peak_bytes", "stall_longest_s"]

  private static func marked(_ table: CSVTable) -> CSVTable {
    guard let mark = table.place(of: "pareto") else { return table }
    let given = SweepPoint.keyColumns.filter { !chosenColumns.contains($0) }
    let groups = Dictionary(grouping: table.rows.indices) { place in
      given.map { table.field($0, of: table.rows[place]) }
    }
    var rows = table.rows
    for places in groups.values {
      let known = measures.filter { measure in
        places.allSatisfy { table.number(measure, of: table.rows[$0]) != nil }
      }
      let outcomes = places.map { place in
        known.compactMap { table.number($0, of: table.rows[place]) }
      }
      for (place, isMember) in zip(places, ParetoFront.members(of: outcomes)) {
        rows[place][mark] = isMember ? "true" : "false"
      }
    }
    return CSVTable(header: table.header, rows: rows)
  }
}
