import StorageBase

/// A condition on the rows of a unique-key model: as SQL has it, and as the model knows it.
struct KeyCondition: CustomStringConvertible {
  let description: String
  let matches: (UniqueKeyModel.Row) -> Bool

  /// One that some rows meet.
  init(_ model: UniqueKeyModel, _ random: inout SeededGenerator) {
    let moment = model.keyCount
    let number = Int128(random.next() % 20)
    func integer(_ row: UniqueKeyModel.Row, _ column: Int) -> Int128 {
      if case .integer(let value) = row[column] { value } else { 0 }
    }
    switch random.next() % 6 {
    case 0:
      description = "moment = \(number)"
      matches = { integer($0, moment) == number }
    case 1:
      description = "amount < \(number * 30)"
      matches = { integer($0, moment + 2) < number * 30 }
    case 2:
      // Two columns with each other, which no index answers.
      description = "moment * 40 > amount and not moment = \(number)"
      matches = {
        integer($0, moment) * 40 > integer($0, moment + 2) && integer($0, moment) != number
      }
    case 3:
      description = "state like 'load \(number % 10)%' or state is null"
      matches = { row in
        guard case .string(let text) = row[moment + 1] else { return true }
        return text.hasPrefix("load \(number % 10)")
      }
    case 4:
      let column = model.shape.hasStringKey ? "number" : "id"
      let bound = model.shape.hasStringKey ? number % 5 : number * 2
      description = "\(column) = \(bound)"
      matches = { integer($0, moment - 1) == bound }
    default:
      description = "amount < 0"
      matches = { _ in false }
    }
  }
}
