import Foundation
import StorageBase
import Testing

@testable import IngestDriver

/// The mappings in `Benchmarks/inputs` read rows as the generator of TPC-H data writes them.
struct ShippedMappingTests {
  private func rows(_ name: String, _ text: String) throws -> [[String]] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("Benchmarks/inputs/\(name)")
    let mapping = try InputMapping(
      yaml: String(contentsOf: file, encoding: .utf8), path: name)
    let source = try FileSource(file: memoryFile(text), mapping: mapping)
    let columns = source.schema.columns
    return try allRows(source.makeReader()).map { row in
      zip(columns, row).map { $0.type.format($1) }
    }
  }

  @Test func orders() throws {
    let text = """
      o_orderkey,o_custkey,o_orderstatus,o_totalprice,o_orderdate,o_orderpriority,o_clerk,\
      o_shippriority,o_comment
      2,781,O,38426.09,1996-12-01,1-URGENT,Clerk#000000880,0," foxes, asymptot"

      """
    #expect(
      try rows("tpch-orders.yaml", text) == [
        [
          "2", "781", "O", "38426.09", "1996-12-01", "1-URGENT", "Clerk#000000880", "0",
          " foxes, asymptot",
        ]
      ])
  }

  @Test func lineitem() throws {
    let text = """
      l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,\
      l_returnflag,l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,\
      l_comment
      1,1552,93,2,17,24710.35,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-22,TAKE BACK,TRUCK,"e"

      """
    #expect(
      try rows("tpch-lineitem.yaml", text) == [
        [
          "1", "2", "1552", "93", "17.00", "24710.35", "0.04", "0.02", "N", "O", "1996-03-13",
          "1996-02-12", "1996-03-22", "TAKE BACK", "TRUCK", "e",
        ]
      ])
  }
}
