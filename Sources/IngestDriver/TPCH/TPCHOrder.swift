import StorageBase

/// An order of the TPC-H benchmark with its items, made of its number alone. Values are spread as
/// the specification says (TPC-H 3.0.1, 4.2.3), by hashes of our own: they are not those of dbgen.
/// Amounts are in hundredths, dates are days since 1970.
public struct TPCHOrder: Hashable, Sendable {
  public struct Item: Hashable, Sendable {
    public var part: Int64
    public var supplier: Int64
    public var quantity: Int64
    public var extendedPrice: Int64
    public var discount: Int64
    public var tax: Int64
    public var returnFlag: String
    public var lineStatus: String
    public var shipDate: Int32
    public var commitDate: Int32
    public var receiptDate: Int32
    public var instruction: String
    public var mode: String
  }

  public var key: Int64
  public var customer: Int64
  public var status: String
  public var totalPrice: Int64
  public var date: Int32
  public var priority: String
  public var clerk: String
  public var comment: String
  public var items: [Item]

  private static let firstDay: Int32 = 8035  // 1992-01-01
  private static let dayCount: UInt64 = 2406  // to 1998-08-02
  private static let today: Int32 = 9298  // 1995-06-17, "CURRENTDATE"
  private static let priorities = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"]
  private static let instructions = [
    "DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN",
  ]
  private static let modes = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"]
  private static let words = [
    "furiously", "quick", "requests", "sleep", "final", "deposits", "among", "the", "packages",
  ]

  /// - Parameters:
  ///   - number: from 0.
  ///   - scale: of the benchmark, as a part or multiple of one: customers, parts and suppliers.
  public init(_ number: Int, seed: UInt64, scale: Double) {
    var random = SeededGenerator(seed: mixBits(seed) &+ UInt64(number))
    func draw(_ range: ClosedRange<Int64>) -> Int64 {
      range.lowerBound
        + Int64(random.next() % UInt64(range.upperBound - range.lowerBound + 1))
    }
    func pick(_ texts: [String]) -> String { texts[Int(random.next() % UInt64(texts.count))] }
    func population(_ count: Double) -> Int64 { max(10, Int64(count * scale)) }
    key = Self.key(of: number)
    // A third of the customers never order.
    let customer = draw(1...population(150_000))
    self.customer = customer % 3 == 0 ? max(1, customer - 1) : customer
    date = Self.firstDay + Int32(random.next() % Self.dayCount)
    priority = pick(Self.priorities)
    clerk = "Clerk#" + Self.padded(draw(1...max(1, population(1000))))
    comment = (0..<4).map { _ in pick(Self.words) }.joined(separator: " ")
    let parts = population(200_000)
    let suppliers = population(10_000)
    var items: [Item] = []
    for _ in 0..<draw(1...7) {
      let part = draw(1...parts)
      let corner = draw(0...3)
      let supplier = (part + corner * (suppliers / 4 + (part - 1) / suppliers)) % suppliers + 1
      let quantity = draw(1...50)
      let shipDate = date + Int32(draw(1...121))
      let commitDate = date + Int32(draw(30...90))
      let receiptDate = shipDate + Int32(draw(1...30))
      let returnFlag = receiptDate <= Self.today ? pick(["R", "A"]) : "N"
      items.append(
        Item(
          part: part, supplier: supplier, quantity: quantity,
          extendedPrice: quantity * (90_000 + (part / 10) % 20_001 + 100 * (part % 1000)),
          discount: draw(0...10), tax: draw(0...8), returnFlag: returnFlag,
          lineStatus: shipDate > Self.today ? "O" : "F", shipDate: shipDate,
          commitDate: commitDate, receiptDate: receiptDate,
          instruction: pick(Self.instructions), mode: pick(Self.modes)))
    }
    self.items = items
    let open = items.count { $0.lineStatus == "O" }
    status = open == 0 ? "F" : open == items.count ? "O" : "P"
    totalPrice = items.reduce(0) {
      $0 + $1.extendedPrice * (100 - $1.discount) * (100 + $1.tax) / 10_000
    }
  }

  /// Of each 32 keys eight are used by the orders that dbgen makes, and the next eight by these, so
  /// that they never meet.
  public static func key(of number: Int) -> Int64 { Int64(number / 8 * 32 + 8 + number % 8) }

  private static func padded(_ number: Int64) -> String {
    String(repeating: "0", count: max(0, 9 - "\(number)".count)) + "\(number)"
  }
}
