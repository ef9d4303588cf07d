import ScanKernels
import StorageBase
import Testing

/// What expressions are called, which types they have and what is refused.
@Suite struct ExpressionTests {
  private let schema: Schema

  init() throws {
    schema = try Schema(
      [
        (name: "price", type: .decimal(precision: 15, scale: 2), isNullable: false),
        (name: "tax", type: .decimal(precision: 15, scale: 2), isNullable: false),
        (name: "wide", type: .decimal(precision: 38, scale: 20), isNullable: false),
        (name: "rate", type: .double, isNullable: false),
        (name: "name", type: .string, isNullable: false),
      ], sortKeyCount: 1)
  }

  @Test func parenthesesStandWhereTheyAreNeeded() {
    let (a, b, c) = (Expression.column("a"), Expression.column("b"), Expression.column("c"))
    #expect("\(a * (1 - b) * (1 + c))" == "a * (1 - b) * (1 + c)")
    #expect("\(a - (b - c))" == "a - (b - c)")
    #expect("\(a * (b * c) + c)" == "a * (b * c) + c")
    #expect("\(Aggregate.average(of: a + 0.5))" == "avg(a + 0.5)")
  }

  @Test func scalesFollowTheOperations() throws {
    let (price, tax) = (Expression.column("price"), Expression.column("tax"))
    func type(_ value: Expression) throws -> DataType { try value.bound(to: schema).type }
    #expect(try type(price + 1) == .decimal(precision: 38, scale: 2))
    #expect(try type(price * (1 - tax)) == .decimal(precision: 38, scale: 4))
    #expect(try type(price + 0.125) == .decimal(precision: 38, scale: 3))
    #expect(try type(price * .column("rate")) == .double)
    let charge = Aggregate.sum(of: price * (1 + tax))
    #expect(try charge.bound(to: schema).resultType == .decimal(precision: 38, scale: 4))
    #expect(try charge.bound(to: schema).columns == [0, 1])
  }

  @Test func whatIsNoNumberIsRefused() {
    let price = Expression.column("price")
    let refused: [Expression] = [
      .column("name"), .column("prcie"), price + .literal(.null), price * .literal(.string("1")),
      price + .literal(.floating(.nan)), .column("wide") * .column("wide"),
    ]
    for value in refused {
      #expect(throws: StorageError.self, "\(value)") { try value.bound(to: schema) }
    }
  }
}
