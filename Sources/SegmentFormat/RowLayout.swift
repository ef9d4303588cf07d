import StorageBase

/// Where the values of some columns lie in the bytes of a row: see FORMAT.md, "Row store". It
/// follows from the columns alone. Immutable and thread-safe.
public final class RowLayout: @unchecked Sendable {
  /// How values are found. Raw values are persistent: never change or reuse one.
  enum Form: UInt8 {
    /// Every value has its place, whatever the others are.
    case dense = 1
    /// Values that are null or zero take no room.
    case sparse = 2
  }

  /// A row is made of these, in this order; a *field* is a position among them.
  public let columns: [Column]
  let form: Form
  /// Whether every value has its place, so that one column of a row is found without a look at the
  /// others.
  public let isDense: Bool
  @usableFromInline let fields: UnsafeMutableBufferPointer<RowField>
  let stringFields: [Int]
  /// Of dense rows: bytes of the null flags, and where the ends of strings begin.
  let nullByteCount: Int
  @usableFromInline let denseEndsOffset: Int
  let slots: SparseSlots

  /// Fixed values and ends of strings of a dense row; columns that take more are stored sparse.
  private static let denseByteCountMax = 512

  /// The layout that writers use for these columns.
  public convenience init(columns: [Column]) {
    let byteCount = columns.reduce(0) { $0 + max(1, $1.type.physical.width) }
    self.init(columns: columns, form: byteCount <= Self.denseByteCountMax ? .dense : .sparse)
  }

  init(columns: [Column], form: Form) {
    precondition(!columns.isEmpty, "a row without columns")
    self.columns = columns
    self.form = form
    isDense = form == .dense
    slots = SparseSlots(columns: columns)
    nullByteCount = columns.count(where: \.isNullable).ceilingDivision(by: 8)
    stringFields = columns.indices.filter { columns[$0].type.physical == .bytes }
    fields = .allocate(capacity: columns.count)
    var (nullBit, offset, string) = (8, 1 + nullByteCount, 0)
    for (index, column) in columns.enumerated() {
      let physical = column.type.physical
      let isString = physical == .bytes
      fields.initializeElement(
        at: index,
        to: RowField(
          physical: physical, offset: Int32(isString ? string : offset),
          nullBit: column.isNullable ? Int32(nullBit) : -1, slot: Int32(slots.slot[index])))
      nullBit += column.isNullable ? 1 : 0
      offset += physical.width
      string += isString ? 1 : 0
    }
    denseEndsOffset = offset
  }

  deinit { fields.deallocate() }

  /// Whether rows of one layout are, byte for byte, rows of the other: same column ids, types,
  /// nullability and order. Linear in the columns.
  public func isCompatible(with other: RowLayout) -> Bool {
    if self === other { return true }
    guard form == other.form, columns.count == other.columns.count else { return false }
    // Whole columns would be copied, with their names.
    return columns.indices.allSatisfy { index in
      columns[index].id == other.columns[index].id
        && columns[index].type == other.columns[index].type
        && columns[index].isNullable == other.columns[index].isNullable
    }
  }

  /// The field of a column; linear in the columns.
  public func field(of id: ColumnID) -> Int? { columns.firstIndex { $0.id == id } }
}

/// One column of a row layout, as the readers of rows need it.
@usableFromInline
struct RowField: Sendable {
  @usableFromInline let physical: PhysicalType
  /// Of dense rows: where the value lies; of a string, its number among the strings.
  @usableFromInline let offset: Int32
  /// Of dense rows: the null flag as a bit of the row; -1 for columns without nulls.
  @usableFromInline let nullBit: Int32
  /// Of sparse rows: group times 64 plus bit.
  let slot: Int32
}

/// The columns of sparse rows in classes by width, cut into groups of 64.
final class SparseSlots: Sendable {
  /// By field: group times 64 plus bit.
  let slot: [Int]
  /// By slot: the field, or -1.
  let field: [Int32]
  /// By group: bytes of a value, 0 for strings; and the bits that stand for columns.
  let width: [Int]
  let mask: [UInt64]

  init(columns: [Column]) {
    var slot = [Int](repeating: 0, count: columns.count)
    var (field, widths, mask): ([Int32], [Int], [UInt64]) = ([], [], [])
    for width in [16, 8, 4, 2, 1, 0] {
      let members = columns.indices.filter { columns[$0].type.physical.width == width }
      for start in stride(from: 0, to: members.count, by: 64) {
        let group = members[start..<min(members.count, start + 64)]
        for (bit, index) in group.enumerated() { slot[index] = widths.count * 64 + bit }
        field += group.map(Int32.init) + [Int32](repeating: -1, count: 64 - group.count)
        mask.append(~0 >> UInt64(64 - group.count))
        widths.append(width)
      }
    }
    (self.slot, self.field, self.width, self.mask) = (slot, field, widths, mask)
  }

  var groupCount: Int { width.count }
  /// Bytes of the flags that say which groups have present columns. At most 9: there are up to 4096
  /// columns and six classes.
  var topByteCount: Int { width.count.ceilingDivision(by: 8) }
}
