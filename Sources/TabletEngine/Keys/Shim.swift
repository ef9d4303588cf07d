import ScanKernels
import StorageBase
struct KeySecret: Sendable { init() {} }
struct KeyCodes: Sendable { let rows: [[Value]]; var count: Int { rows.count } }
struct KeyCoder: Sendable {
  let width = 1
  init(keyColumns: some Collection<Column>, secret: KeySecret) {}
  func codes(of v: [ColumnVector]) -> KeyCodes {
    KeyCodes(rows: (0..<(v.first?.count ?? 0)).map { r in v.map { $0[r] } })
  }
}
struct RowExchange: Sendable { var previous: [UInt32]; var previousSequences: [Int64]; var lost: [Bool] }
final class RowHandleTable: @unchecked Sendable {
  var d: [[Value]: (UInt32, Int64)] = [:]
  let seq: Bool
  init(width: Int, hasSequences: Bool, secret: KeySecret) { seq = hasSequences }
  var count: Int { d.count }
  var byteCount: Int { d.count * 12 }
  func find(_ c: KeyCodes) -> [UInt32] { c.rows.map { d[$0]?.0 ?? .max } }
  func exchange(_ c: KeyCodes, firstHandle: UInt32, sequences: [Int64]?) -> RowExchange {
    var x = RowExchange(previous: [], previousSequences: [], lost: [])
    for (i, k) in c.rows.enumerated() {
      let old = d[k]
      x.previous.append(old?.0 ?? .max); x.previousSequences.append(old?.1 ?? 0)
      let s = sequences?[i] ?? 0
      if let old, seq, old.1 > s { x.lost.append(true); continue }
      x.lost.append(false)
      d[k] = (firstHandle + UInt32(i), s)
    }
    return x
  }
  func undo(_ c: KeyCodes, _ x: RowExchange, resolved: (UInt32) -> UInt32) {
    for (i, k) in c.rows.enumerated() where !x.lost[i] {
      d[k] = x.previous[i] == .max ? nil : (resolved(x.previous[i]), x.previousSequences[i])
    }
  }
  func replace(_ c: KeyCodes, expected: [UInt32], with n: [UInt32]) {
    for (i, k) in c.rows.enumerated() {
      if let o = d[k], o.0 == expected[i] { d[k] = n[i] == .max ? nil : (n[i], o.1) }
    }
  }
}
