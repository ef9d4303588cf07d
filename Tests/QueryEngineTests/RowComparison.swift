import StorageBase

/// Compares answers whose sums may have been added in another order.
enum RowComparison {
  /// How much sums of products may differ that were added in another order: great numbers that
  /// cancel out leave what was lost of them.
  static func slack(_ rows: [[Value]]) -> Double {
    var greatest = 1.0
    for value in rows.joined() {
      switch value {
      case .integer(let integer): greatest = max(greatest, abs(Double(integer)))
      case .floating(let number) where number.isFinite: greatest = max(greatest, abs(number))
      default: break
      }
    }
    return greatest * min(greatest, 4e9) * 1e-13
  }

  static func areSame(_ rows: [[Value]], _ expected: [[Value]], _ slack: Double) -> Bool {
    func isSame(_ a: Value, _ b: Value) -> Bool {
      if case .floating(let x) = a, case .floating(let y) = b, abs(x - y) <= slack { return true }
      return isClose(a, b)
    }
    return rows.count == expected.count
      && zip(rows, expected).allSatisfy { $0.count == $1.count && zip($0, $1).allSatisfy(isSame) }
  }
}
