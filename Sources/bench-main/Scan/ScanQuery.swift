import QueryEngine
import ScanKernels

/// One of the questions to TPC-H `lineitem` that scanning is measured by. The same questions are
/// put to other systems by `Benchmarks/compare_scan.py`, under the same names.
struct ScanQuery: Sendable {
  let name: String
  let query: Query

  static let all: [ScanQuery] = [
    ScanQuery(name: "q1", query: pricingSummary),
    ScanQuery(name: "q6", query: revenueChange),
    ScanQuery(
      name: "filter-count",
      query: Query.computing(.countAll)
        .filtered(by: Field("l_quantity") < 5)
        .filtered(by: Field("l_discount") >= 0.05)
        .filtered(by: Field("l_shipdate") >= "1995-01-01")),
    ScanQuery(name: "sum", query: .computing(.sum("l_extendedprice"))),
    ScanQuery(
      name: "group-7",
      query: Query.grouping(by: "l_shipmode").computing(.countAll, as: "n")
        .computing(.sum("l_quantity"), as: "quantity")),
    ScanQuery(
      name: "group-200k",
      query: Query.grouping(by: "l_partkey").computing(.sum("l_quantity"), as: "quantity")
        .ordered(by: "quantity", .descending).ordered(by: "l_partkey").limited(to: 10)),
  ]

  private static var discounted: Expression {
    .column("l_extendedprice") * (1 - .column("l_discount"))
  }

  private static var pricingSummary: Query {
    Query.grouping(by: "l_returnflag", "l_linestatus")
      .computing(.sum("l_quantity"), as: "sum_qty")
      .computing(.sum("l_extendedprice"), as: "sum_base_price")
      .computing(.sum(of: discounted), as: "sum_disc_price")
      .computing(.sum(of: discounted * (1 + .column("l_tax"))), as: "sum_charge")
      .computing(.average("l_quantity"), as: "avg_qty")
      .computing(.average("l_extendedprice"), as: "avg_price")
      .computing(.average("l_discount"), as: "avg_disc")
      .computing(.countAll, as: "count_order")
      .filtered(by: Field("l_shipdate") <= "1998-09-02")
      .ordered(by: "l_returnflag").ordered(by: "l_linestatus")
  }

  private static var revenueChange: Query {
    Query.computing(
      .sum(of: .column("l_extendedprice") * .column("l_discount")), as: "revenue"
    )
    .filtered(by: Field("l_shipdate") >= "1994-01-01")
    .filtered(by: Field("l_shipdate") < "1995-01-01")
    .filtered(by: Field("l_discount").isBetween(0.05, 0.07))
    .filtered(by: Field("l_quantity") < 24)
  }
}
