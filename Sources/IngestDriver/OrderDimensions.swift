import ScanKernels
import StorageBase

/// The small tables that order events refer to: statuses, cities, coupons and products.
struct OrderDimensions: Sendable {
  static let statusNames = ["created", "paid", "shipped", "delivered", "cancelled", "refunded"]
  static let cityNames = [
    "Tokyo", "Delhi", "Shanghai", "São Paulo", "Mexico City", "Cairo", "Mumbai", "Beijing",
    "Dhaka", "Osaka", "New York", "Karachi", "Buenos Aires", "Chongqing", "Istanbul", "Kolkata",
    "Manila", "Lagos", "Rio de Janeiro", "Tianjin", "Kinshasa", "Guangzhou", "Los Angeles",
    "Moscow", "Shenzhen", "Lahore", "Bangalore", "Paris", "Bogotá", "Jakarta", "Chennai", "Lima",
    "Bangkok", "Seoul", "Nagoya", "Hyderabad", "London", "Tehran", "Chicago", "Chengdu",
    "Nanjing", "Wuhan", "Ho Chi Minh City", "Luanda", "Ahmedabad", "Kuala Lumpur", "Xi'an",
    "Hong Kong", "Dongguan", "Hangzhou",
  ]
  static let couponCount = 40
  static let productCount = 10_000

  let statuses = AliasTable(weights: [30, 28, 20, 15, 5, 2])
  let cities = AliasTable.zipf(count: Self.cityNames.count, exponent: 0.8)
  let products = AliasTable.zipf(count: Self.productCount, exponent: 0.8)
  /// Most orders are for one piece.
  let quantities = AliasTable(weights: [60, 18, 8, 5, 3, 2, 1, 1, 1, 1])
  let statusTable = StringTable(Self.statusNames)
  let cityTable = StringTable(Self.cityNames)
  /// Entry 0 is the empty string that a row without a coupon points at.
  let couponTable = StringTable([""] + (1...Self.couponCount).map { "SAVE\($0)" })
  /// Cents per piece, by product: 0.99 to 499.99, cheap ones more often.
  let prices: [Int64]

  init() {
    prices = (0..<Self.productCount).map { product in
      let unit = Double(mixBits(UInt64(product) &+ 1) &>> 11) * 0x1p-53
      return 99 + Int64(unit * unit * unit * 499) * 100
    }
  }
}
