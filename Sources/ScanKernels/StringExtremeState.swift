import StorageBase

/// MIN and MAX of strings by their UTF-8 bytes. Rows of coded pages compare the ranks of their
/// codes, and only the winner of each group in a page is compared as a string.
final class StringExtremeState: AggregateState {
  private static let none = UInt32.max

  private let extreme: Extreme
  private var best: [[UInt8]?] = []
  /// The code of the best row of the page at hand; `none` between pages.
  private var pageBest: [UInt32] = []
  /// The last dictionary, with the rank of each code among its entries.
  private var ranked: (dictionary: StringTable, ranks: [UInt32])?

  init(_ extreme: Extreme) { self.extreme = extreme }

  func reserve(groupCount: Int) {
    let missing = max(0, groupCount - best.count)
    best.append(contentsOf: repeatElement(nil, count: missing))
    pageBest.append(contentsOf: repeatElement(Self.none, count: missing))
  }

  private func offer(_ string: UnsafeRawBufferPointer, group: Int) {
    if let held = best[group] {
      let order = held.withUnsafeBytes { compareBytes(string, $0) }
      guard extreme == .lowest ? order < 0 : order > 0 else { return }
    }
    best[group] = Array(string)
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("an extreme needs a column") }
    let rows = (Bitmap.present(selection, vector.nulls) ?? .full(count: rowCount))
    switch vector.body {
    case .coded(let codes, let dictionary):
      let codes = codes.values(as: UInt32.self)
      var isMet = [Bool](repeating: false, count: dictionary.count)
      rows.forEachSet { isMet[Int(codes[$0])] = true }
      for code in isMet.indices where isMet[code] { offer(dictionary[code], group: group) }
    case .strings(let strings): rows.forEachSet { offer(strings[$0], group: group) }
    case .fixed, .offsets, .byteCoded: preconditionFailure("not a wide string column")
    }
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("an extreme needs a column") }
    switch vector.body {
    case .coded(let codes, let dictionary):
      scatter(codes.values(as: UInt32.self), dictionary, vector.nulls, rows, groups)
    case .strings(let strings):
      for position in 0..<rows.count where !vector.isNull(Int(rows[position])) {
        offer(strings[Int(rows[position])], group: Int(groups[position]))
      }
    case .fixed, .offsets, .byteCoded: preconditionFailure("not a wide string column")
    }
  }

  private func scatter(
    _ codes: UnsafeBufferPointer<UInt32>, _ dictionary: StringTable, _ nulls: Bitmap?,
    _ rows: UnsafeBufferPointer<UInt32>, _ groups: UnsafeBufferPointer<UInt32>
  ) {
    let ranks = ranks(of: dictionary)
    var touched: [Int] = []
    for position in 0..<rows.count {
      let row = Int(rows[position])
      if let nulls, nulls[row] { continue }
      let (code, group) = (codes[row], Int(groups[position]))
      let held = pageBest[group]
      if held == Self.none {
        touched.append(group)
        pageBest[group] = code
        continue
      }
      let (rank, heldRank) = (ranks[Int(code)], ranks[Int(held)])
      if extreme == .lowest ? rank < heldRank : rank > heldRank { pageBest[group] = code }
    }
    for group in touched {
      offer(dictionary[Int(pageBest[group])], group: group)
      pageBest[group] = Self.none
    }
  }

  private func ranks(of dictionary: StringTable) -> [UInt32] {
    if let ranked, ranked.dictionary.bytes === dictionary.bytes { return ranked.ranks }
    let order = (0..<dictionary.count).sorted {
      compareBytes(dictionary[$0], dictionary[$1]) < 0
    }
    var ranks = [UInt32](repeating: 0, count: dictionary.count)
    for (rank, code) in order.enumerated() { ranks[code] = UInt32(rank) }
    ranked = (dictionary, ranks)
    return ranks
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? StringExtremeState else {
      preconditionFailure("states of two kinds")
    }
    for (group, target) in groups.enumerated() {
      other.best[group]?.withUnsafeBytes { offer($0, group: Int(target)) }
    }
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    best[group].map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
  }
}
