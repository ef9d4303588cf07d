/// A value that is made when it is first asked for. Not thread-safe.
final class Lazily<Value> {
  private var value: Value?
  private let make: () throws -> Value

  init(_ make: @escaping () throws -> Value) { self.make = make }

  func get() throws -> Value {
    if let value { return value }
    let made = try make()
    value = made
    return made
  }
}
