import ScanKernels
import StorageBase

/// Rows of a dimension by key. Keys are numbered a batch at a time, and rows lie in columns, so
/// that a batch whose keys are known costs a look-up and a gather for each column. Not thread-safe.
struct LookupCache {
  private static let unknown: Int32 = -1
  private static let missing: Int32 = -2
  /// Rows that are added before they are put together with the others.
  private static let recentRowsMin = 1024
  /// What the cache itself takes for a key, roughly.
  private static let byteCountOfKey = 64

  private let keyColumns: [Column]
  private let types: [DataType]
  private var encoder: GroupKeyEncoder
  /// By number of the key, the row in `rows` and, after these, in `recent`; or none.
  private var places: [Int32] = []
  private var loadTimes: [Int64] = []
  private var rows: [ColumnVector]
  private var recent: [ColumnVector]

  init(keyColumns: [Column], types: [DataType]) {
    self.keyColumns = keyColumns
    self.types = types
    encoder = Self.encoder(keyColumns)
    rows = types.map { Self.none($0) }
    recent = rows
  }

  private static func encoder(_ columns: [Column]) -> GroupKeyEncoder {
    // Rows that are not looked up may have nulls.
    let columns = columns.map { Column(id: $0.id, name: $0.name, type: $0.type, isNullable: true) }
    return GroupKeyEncoder(
      columns: columns, ranges: columns.map { _ in nil }, expectedRowCount: 0)
  }

  private static func none(_ type: DataType) -> ColumnVector {
    ColumnBuilder(type: type, capacity: 1).finish()
  }

  private var rowCount: Int { (rows.first?.count ?? 0) + (recent.first?.count ?? 0) }

  /// Keys that are remembered, those without a row among them.
  var keyCount: Int { places.count }

  var byteCount: Int {
    places.count * Self.byteCountOfKey
      + (rows + recent).reduce(0) { $0 + $1.byteCount }
  }

  mutating func removeAll() {
    self = LookupCache(keyColumns: keyColumns, types: types)
  }

  /// The numbers of the keys of some rows.
  mutating func numbers(_ selected: [UInt32], of keys: [ColumnVector]) -> [UInt32] {
    var numbers = [UInt32](repeating: 0, count: selected.count)
    selected.withUnsafeBufferPointer { selected in
      numbers.withUnsafeMutableBufferPointer { encoder.number(selected, of: keys, into: $0) }
    }
    while places.count < encoder.groupCount {
      places.append(Self.unknown)
      loadTimes.append(0)
    }
    return numbers
  }

  /// The rows, of those with these numbers, whose key has to be asked for; each key once.
  /// - Parameter oldest: what was loaded before is not believed any more.
  mutating func asked(
    _ selected: [UInt32], _ numbers: [UInt32], oldest: Int64
  ) -> (rows: [UInt32], numbers: [UInt32]) {
    var (rows, asked): ([UInt32], [UInt32]) = ([], [])
    for (row, number) in zip(selected, numbers) {
      let index = Int(number)
      guard places[index] == Self.unknown || loadTimes[index] < oldest else { continue }
      rows.append(row)
      asked.append(number)
      // Once is enough; an answer follows.
      loadTimes[index] = .max
      places[index] = Self.missing
    }
    return (rows, asked)
  }

  /// Remembers what the dimension said of some keys.
  mutating func put(_ found: DimensionRows, for numbers: [UInt32], at now: Int64) {
    let foundRows = found.found.rowIDs()
    var next = Int32(rowCount)
    for (index, number) in numbers.enumerated() {
      loadTimes[Int(number)] = now
      places[Int(number)] = Self.missing
      if found.found[index] {
        places[Int(number)] = next
        next += 1
      }
    }
    if foundRows.isEmpty { return }
    for (column, vector) in found.columns.enumerated() {
      recent[column] = Self.joined(recent[column], vector.widened().gather(foundRows))
    }
    guard let count = recent.first?.count,
      count > max(Self.recentRowsMin, (rows.first?.count ?? 0) / 2)
    else { return }
    for column in rows.indices { rows[column] = Self.joined(rows[column], recent[column]) }
    recent = types.map { Self.none($0) }
  }

  private static func joined(_ a: ColumnVector, _ b: ColumnVector) -> ColumnVector {
    let builder = ColumnBuilder(type: a.type, capacity: a.count + b.count)
    builder.append(a, rows: 0..<a.count)
    builder.append(b, rows: 0..<b.count)
    return builder.finish()
  }

  /// A column for the keys with these numbers, null where there is no row.
  /// - Parameter isFound: the rows of `numbers` whose key has one.
  func column(_ index: Int, of numbers: [UInt32], isFound: Bitmap) -> ColumnVector {
    let old = rows[index].count
    var (base, late, latePlaces): ([UInt32], [UInt32], [UInt32]) = ([], [], [])
    base.reserveCapacity(numbers.count)
    for (row, number) in numbers.enumerated() {
      let place = Int(places[Int(number)])
      if place >= old {
        late.append(UInt32(row))
        latePlaces.append(UInt32(place - old))
      }
      base.append(place >= 0 && place < old ? UInt32(place) : 0)
    }
    let gathered: ColumnVector
    if old == 0 {
      gathered = ColumnVector.constant(.null, type: types[index], count: numbers.count)
    } else {
      gathered = rows[index].gather(base)
    }
    let filled =
      late.isEmpty ? gathered : gathered.replacing(late, with: recent[index], at: latePlaces)
    let missing = isFound.copy()
    missing.invert()
    return filled.with(moreNulls: missing)
  }

  /// Which of the keys with these numbers have a row.
  func found(_ numbers: [UInt32]) -> Bitmap {
    let found = Bitmap(count: numbers.count)
    for (row, number) in numbers.enumerated() where places[Int(number)] >= 0 { found.set(row) }
    return found
  }
}
